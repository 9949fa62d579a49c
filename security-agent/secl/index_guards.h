// SPDX-License-Identifier: Apache-2.0
//
// Chooses a rule's guard by an estimate of how rarely it fires and what it costs to look up.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "security-agent/secl/predicate_index.h"

namespace vedette::secl {

// Predicates of which one holds whenever a node is true (or, negated, false).
struct Guard {
    std::vector<PredicateId> predicates;
    double weight = 0;  // the smaller the better
};

class GuardChooser {
   public:
    /// Of a test through a register, the same test of any element; nothing when that does not follow from it.
    using AnyVersions = boost::unordered_flat_map<PredicateId, std::optional<PredicateId>>;

    /// `weights`: of each predicate. What it is given must outlive it.
    GuardChooser(const PredicateIndex& index, const std::vector<double>& weights,
                 const AnyVersions& any_versions)
        : index_(index), weights_(weights), any_versions_(any_versions) {}

    using GuardPtr = std::shared_ptr<const Guard>;  ///< null: nothing is necessary

    /// What must hold for the node to be `wanted`.
    GuardPtr guard(NodeId id, bool wanted);

   private:
    GuardPtr compute(const BoolNode& node, bool wanted);
    GuardPtr of_predicate(PredicateId id);
    GuardPtr best_of(const BoolNode& node, bool wanted);
    GuardPtr union_of(const BoolNode& node, bool wanted);

    const PredicateIndex& index_;
    const std::vector<double>& weights_;
    const AnyVersions& any_versions_;
    std::map<std::pair<NodeId, bool>, GuardPtr> guards_;  // nodes are shared between rules
};

}  // namespace vedette::secl
