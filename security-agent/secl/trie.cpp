// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/trie.h"

#include <algorithm>
#include <climits>
#include <deque>

namespace vedette::secl {

// Breadth first over ranges of the sorted strings that share a prefix: no recursion, however long the strings.
Trie::Trie(std::vector<std::pair<std::string, uint32_t>> strings) {
    if (strings.empty()) {
        return;
    }
    std::sort(strings.begin(), strings.end());
    struct Range {
        size_t begin;
        size_t end;
        size_t depth;
    };
    std::deque<Range> pending{{0, strings.size(), 0}};
    nodes_.emplace_back();
    from_root_.assign(1U << CHAR_BIT, kNone);
    for (uint32_t node = 0; !pending.empty(); ++node) {
        const Range range = pending.front();
        pending.pop_front();
        Node built;
        built.first_edge = static_cast<uint32_t>(labels_.size());
        built.first_id = static_cast<uint32_t>(ids_.size());
        size_t at = range.begin;
        for (; at < range.end && strings[at].first.size() == range.depth; ++at) {
            ids_.push_back(strings[at].second);
            ++built.id_count;
        }
        while (at < range.end) {
            const char label = strings[at].first[range.depth];
            size_t last = at;
            while (last < range.end && strings[last].first[range.depth] == label) {
                ++last;
            }
            labels_.push_back(label);
            targets_.push_back(static_cast<uint32_t>(nodes_.size()));
            ++built.edge_count;
            nodes_.emplace_back();
            pending.push_back({at, last, range.depth + 1});
            at = last;
        }
        nodes_[node] = built;
    }
    for (uint32_t edge = 0; edge < nodes_[kRoot].edge_count; ++edge) {
        from_root_[static_cast<unsigned char>(labels_[edge])] = targets_[edge];
    }
    find_runs();
}

// A walk enters a run at its begin only, so the nodes within need none of their own.
void Trie::find_runs() {
    std::vector<bool> within(nodes_.size());
    for (uint32_t begin = 0; begin < nodes_.size(); ++begin) {
        if (within[begin] || nodes_[begin].edge_count != 1) {
            continue;
        }
        const auto first = static_cast<uint32_t>(runs_.size());
        uint32_t at = begin;
        do {
            within[at] = true;
            runs_ += labels_[nodes_[at].first_edge];
            at = targets_[nodes_[at].first_edge];
        } while (nodes_[at].edge_count == 1 && nodes_[at].id_count == 0);
        nodes_[begin].first_run = first;
        nodes_[begin].run_size = static_cast<uint32_t>(runs_.size()) - first;
        nodes_[begin].run_end = at;
    }
}

// Children have larger numbers than their parents, so one pass in order finds every failure link ready.
SubstringFinder::SubstringFinder(std::vector<std::pair<std::string, uint32_t>> strings)
    : trie_(std::move(strings)),
      fail_(trie_.size(), Trie::kRoot),
      shorter_(trie_.size(), Trie::kRoot) {
    for (uint32_t node = 0; node < trie_.size(); ++node) {
        for (const char label : trie_.labels(node)) {
            const uint32_t child = trie_.child(node, label);
            if (node != Trie::kRoot) {
                fail_[child] = next(fail_[node], label);
            }
            const uint32_t fail = fail_[child];
            shorter_[child] = trie_.ids(fail).empty() ? shorter_[fail] : fail;
        }
    }
}

}  // namespace vedette::secl
