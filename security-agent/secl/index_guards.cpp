// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/index_guards.h"

#include <algorithm>

namespace vedette::secl {

GuardChooser::GuardPtr GuardChooser::guard(NodeId id, bool wanted) {
    const auto key = std::make_pair(id, wanted);
    if (const auto it = guards_.find(key); it != guards_.end()) {
        return it->second;
    }
    GuardPtr found = compute(index_.nodes[id], wanted);
    guards_.emplace(key, found);
    return found;
}

GuardChooser::GuardPtr GuardChooser::compute(const BoolNode& node, bool wanted) {
    switch (node.op) {
        case BoolNode::Op::kPredicate:
            return wanted ? of_predicate(node.predicate) : nullptr;
        case BoolNode::Op::kNot:
            return guard(index_.children_of(node).front(), !wanted);
        case BoolNode::Op::kAnd:
            return wanted ? best_of(node, wanted) : union_of(node, wanted);
        case BoolNode::Op::kOr:
            return wanted ? union_of(node, wanted) : best_of(node, wanted);
        case BoolNode::Op::kTrue:
            return wanted ? nullptr : std::make_shared<Guard>();
        case BoolNode::Op::kFalse:
            return wanted ? std::make_shared<Guard>() : nullptr;
        case BoolNode::Op::kEqual:
            return nullptr;
        case BoolNode::Op::kSome:
            return wanted ? guard(index_.children_of(node).front(), true) : nullptr;
    }
    return nullptr;
}

GuardChooser::GuardPtr GuardChooser::of_predicate(PredicateId id) {
    if (index_.predicates[id].registers != 0) {
        const auto any = any_versions_.at(id);
        if (!any) {
            return nullptr;
        }
        id = *any;
    }
    return std::make_shared<Guard>(Guard{{id}, weights_[id]});
}

// Each child is necessary: the best one will do.
GuardChooser::GuardPtr GuardChooser::best_of(const BoolNode& node, bool wanted) {
    GuardPtr best;
    for (const NodeId child : index_.children_of(node)) {
        GuardPtr candidate = guard(child, wanted);
        if (candidate && (!best || candidate->weight < best->weight)) {
            best = std::move(candidate);
        }
    }
    return best;
}

// One of the children is necessary.
GuardChooser::GuardPtr GuardChooser::union_of(const BoolNode& node, bool wanted) {
    auto all = std::make_shared<Guard>();
    for (const NodeId child : index_.children_of(node)) {
        const GuardPtr part = guard(child, wanted);
        if (!part) {
            return nullptr;
        }
        all->predicates.insert(all->predicates.end(), part->predicates.begin(),
                               part->predicates.end());
        all->weight += part->weight;
    }
    std::sort(all->predicates.begin(), all->predicates.end());
    all->predicates.erase(std::unique(all->predicates.begin(), all->predicates.end()),
                          all->predicates.end());
    return all;
}

}  // namespace vedette::secl
