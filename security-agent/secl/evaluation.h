// SPDX-License-Identifier: Apache-2.0
//
// One event against one PredicateIndex.
#pragma once

#include <cstdint>
#include <vector>

#include "security-agent/secl/predicate_index.h"
#include "security-agent/secl/read_values.h"
#include "security-agent/secl/rule_set.h"
#include "security-agent/secl/truth.h"

namespace vedette::secl {

/// What is known of one event, per index. A stamp equal to the running number of the event (or, for what depends on
/// registers, of the elements they are bound to) says "known"; nothing is ever cleared.
struct IndexState {
    std::vector<SlotValues> values;
    std::vector<uint64_t> loaded;     // per slot: values are read
    std::vector<uint64_t> looked_up;  // per slot: its predicates are settled
    std::vector<uint64_t> holds;      // per predicate that a lookup settles: it is true
    std::vector<uint64_t> tested;     // per predicate of the others: `verdict` is settled
    std::vector<Truth> verdict;
    std::vector<uint64_t> known;  // per node
    std::vector<Truth> node_value;
    std::vector<uint64_t> queued;  // per rule
    std::vector<uint32_t> candidates;

    void fit(const PredicateIndex& index);
};

struct Outcomes {
    std::vector<uint32_t> matched;
    std::vector<uint32_t> undecided;
};

/// `clock` only ever grows; `costs` may be null.
void evaluate_index(const PredicateIndex& index, const EvalContext& context, IndexState& state,
                    uint64_t& clock, CostObserver* costs, Outcomes& out);

}  // namespace vedette::secl
