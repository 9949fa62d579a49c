// SPDX-License-Identifier: Apache-2.0
//
// Byte trie over many short strings, and the same with failure links (Aho-Corasick) to find them anywhere in a
// text in one pass. Immutable, a few flat arrays.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vedette::secl {

class Trie {
   public:
    static constexpr uint32_t kNone = ~uint32_t{0};
    static constexpr uint32_t kRoot = 0;

    Trie() = default;
    /// Strings may repeat; each keeps its number.
    explicit Trie(std::vector<std::pair<std::string, uint32_t>> strings);

    bool empty() const { return nodes_.empty(); }
    size_t size() const { return nodes_.size(); }

    uint32_t child(uint32_t node, char byte) const {
        if (node == kRoot) {
            return from_root_[static_cast<unsigned char>(byte)];
        }
        const Node& n = nodes_[node];
        for (uint32_t edge = n.first_edge; edge < n.first_edge + n.edge_count; ++edge) {
            if (labels_[edge] == byte) {
                return targets_[edge];
            }
        }
        return kNone;
    }
    /// Numbers of the strings that end at this node.
    std::span<const uint32_t> ids(uint32_t node) const {
        return {ids_.data() + nodes_[node].first_id, nodes_[node].id_count};
    }
    std::span<const char> labels(uint32_t node) const {
        return {labels_.data() + nodes_[node].first_edge, nodes_[node].edge_count};
    }

    /// Calls visit(id) for each string that `text` begins with, read forwards or, for suffixes of a text whose
    /// strings were reversed, backwards.
    template <typename Visit>
    void prefixes_of(std::string_view text, Visit&& visit) const {
        walk(text.begin(), text.end(), visit);
    }
    template <typename Visit>
    void prefixes_of_reversed(std::string_view text, Visit&& visit) const {
        walk(text.rbegin(), text.rend(), visit);
    }

   private:
    struct Node {
        uint32_t first_edge = 0;
        uint32_t edge_count = 0;
        uint32_t first_id = 0;
        uint32_t id_count = 0;
        // Where the way goes on without a branch or an end: its bytes, and the node behind them.
        uint32_t first_run = 0;
        uint32_t run_size = 0;
        uint32_t run_end = 0;
    };
    void find_runs();

    template <typename Iterator, typename Visit>
    void walk(Iterator at, Iterator end, Visit& visit) const {
        if (empty()) {
            return;
        }
        uint32_t node = kRoot;
        while (true) {
            const Node& n = nodes_[node];
            for (const uint32_t id : ids(node)) {
                visit(id);
            }
            if (n.run_size > 0) {
                const char* const run = runs_.data() + n.first_run;
                if (end - at < static_cast<std::ptrdiff_t>(n.run_size) ||
                    !std::equal(run, run + n.run_size, at)) {
                    return;
                }
                at += n.run_size;
                node = n.run_end;
            } else if (at == end || (node = child(node, *at++)) == kNone) {
                return;
            }
        }
    }

    std::vector<Node> nodes_;
    std::vector<uint32_t>
        from_root_;  // by byte: the root has the most children, and most texts end their walk there
    std::vector<char> labels_;
    std::vector<uint32_t> targets_;
    std::vector<uint32_t> ids_;
    std::string runs_;
};

class SubstringFinder {
   public:
    SubstringFinder() = default;
    /// No string may be empty.
    explicit SubstringFinder(std::vector<std::pair<std::string, uint32_t>> strings);

    bool empty() const { return trie_.empty(); }

    /// Calls visit(id) for each occurrence of each string: more than once for a string that recurs.
    template <typename Visit>
    void find(std::string_view text, Visit&& visit) const {
        if (empty()) {
            return;
        }
        uint32_t node = Trie::kRoot;
        for (const char byte : text) {
            node = next(node, byte);
            for (uint32_t at = node; at != Trie::kRoot; at = shorter_[at]) {
                for (const uint32_t id : trie_.ids(at)) {
                    visit(id);
                }
            }
        }
    }

   private:
    uint32_t next(uint32_t node, char byte) const {
        while (true) {
            const uint32_t child = trie_.child(node, byte);
            if (child != Trie::kNone) {
                return child;
            }
            if (node == Trie::kRoot) {
                return node;
            }
            node = fail_[node];
        }
    }

    Trie trie_;
    std::vector<uint32_t> fail_;     // longest proper suffix that is a node
    std::vector<uint32_t> shorter_;  // longest proper suffix at which a string ends, else the root
};

}  // namespace vedette::secl
