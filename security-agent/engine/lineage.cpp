// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/lineage.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <utility>

#include "security-agent/engine/process_json.h"

namespace vedette::engine {
namespace {

using Node = v1::ProcessNode;

/// The newest image of each process.
class Newest {
   public:
    explicit Newest(const ProcessMirror& mirror) : mirror_(mirror) {
        mirror.each([this](const Node& node) {
            const Node*& known = by_process_[node.process_key()];
            if (!known || is_later(node, *known))
                known = &node;
        });
    }

    const Node* with_pid(uint32_t pid) const {
        const Node* found = nullptr;
        for (const auto& [key, node] : by_process_)
            if (node->pid() == pid && (!found || is_better(*node, *found)))
                found = node;
        return found;
    }

    /// By the key of the process that created them, the oldest first.
    boost::unordered_flat_map<uint64_t, std::vector<const Node*>> children() const {
        boost::unordered_flat_map<uint64_t, std::vector<const Node*>> out;
        for (const auto& [key, node] : by_process_)
            if (const Node* parent = mirror_.parent(*node))
                out[parent->process_key()].push_back(node);
        for (auto& [key, nodes] : out)
            std::ranges::sort(nodes, [](const Node* a, const Node* b) {
                return std::pair(a->created_at(), a->pid()) < std::pair(b->created_at(), b->pid());
            });
        return out;
    }

   private:
    /// Of two images of one process.
    static bool is_later(const Node& a, const Node& b) {
        return std::pair(a.exec_time(), a.key()) > std::pair(b.exec_time(), b.key());
    }
    /// Of two processes that have had one pid.
    static bool is_better(const Node& a, const Node& b) {
        const auto rank = [](const Node& node) {
            return std::pair(node.exit_time() == 0, node.created_at());
        };
        return rank(a) > rank(b);
    }

    const ProcessMirror& mirror_;
    boost::unordered_flat_map<uint64_t, const Node*> by_process_;
};

std::vector<Node> line_of(const ProcessMirror& mirror, const Node& node) {
    std::vector<Node> out = {node};
    const Node* last = &node;
    while (out.size() < kAlertAncestors && (last = mirror.parent(*last)))
        out.push_back(*last);
    std::ranges::reverse(out);
    return out;
}

boost::json::object json_of(const Node& node) {
    return boost::json::parse(process_json(node).text()).as_object();
}

}  // namespace

std::optional<Lineage> find_lineage(const ProcessMirror& mirror, uint32_t pid) {
    const Newest newest(mirror);
    const Node* node = newest.with_pid(pid);
    if (!node)
        return std::nullopt;
    Lineage out;
    out.line = line_of(mirror, *node);
    const auto children = newest.children();
    std::vector<std::pair<const Node*, uint32_t>> to_visit = {{node, 0}};
    while (!to_visit.empty()) {
        const auto [next, depth] = to_visit.back();
        to_visit.pop_back();
        if (out.descendants.size() == Lineage::kMaxDescendants) {
            out.truncated = true;
            break;
        }
        if (depth > 0)
            out.descendants.push_back({*next, depth});
        const auto found = children.find(next->process_key());
        if (found == children.end())
            continue;
        for (size_t i = found->second.size(); i > 0; --i)
            to_visit.emplace_back(found->second[i - 1], depth + 1);
    }
    return out;
}

boost::json::object lineage_json(const Lineage& lineage) {
    boost::json::array line;
    for (const Node& node : lineage.line)
        line.push_back(json_of(node));
    boost::json::array descendants;
    for (const Lineage::Descendant& descendant : lineage.descendants) {
        boost::json::object one = json_of(descendant.node);
        one["depth"] = descendant.depth;
        descendants.push_back(std::move(one));
    }
    return {{"pid", lineage.line.back().pid()},
            {"lineage", std::move(line)},
            {"descendants", std::move(descendants)},
            {"truncated", lineage.truncated}};
}

}  // namespace vedette::engine
