// SPDX-License-Identifier: Apache-2.0
//
// Compiled rules. Those of one event type share one predicate index (predicate_index.h), so that an event that
// matches nothing costs about as much as the distinct fields that rules look at, however many rules there are.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/field.h"

namespace vedette::secl {

class PredicateIndex;
class EvalState;

/// Rules by their numbers in the compiled span, ascending, each at most once; valid until the state is used again.
struct Matches {
    std::span<const uint32_t> matched;
    /// Neither true nor false: they depend on a value that is not known yet (FieldDef::pending). Always empty with
    /// EvalContext::settle.
    std::span<const uint32_t> undecided;
};

/// Told of the rules that an event did not rule out at once. What several rules read is paid by the first of them.
class CostObserver {
   public:
    virtual ~CostObserver() = default;
    virtual void evaluated(uint32_t rule, int64_t nanoseconds) = 0;
};

/// Immutable: one thread compiles it, any may evaluate, each with an EvalState of its own.
class RuleSet {
   public:
    struct TypeIndex {
        EventTypeId type = kAnyEvent;
        std::unique_ptr<const PredicateIndex> index;
    };

    explicit RuleSet(std::vector<TypeIndex> indexes);
    ~RuleSet();
    RuleSet(const RuleSet&) = delete;
    RuleSet& operator=(const RuleSet&) = delete;

    /// All rules of context.type are evaluated. Allocates nothing from the heap unless a field getter does, once the
    /// state has seen the largest event. `costs`, for one event in many: is told what each rule costs.
    Matches evaluate(const EvalContext& context, EvalState& state,
                     CostObserver* costs = nullptr) const;

    /// Event types that at least one rule is for, ascending.
    std::span<const EventTypeId> event_types() const { return event_types_; }
    const PredicateIndex* index(EventTypeId type) const;

   private:
    uint64_t id_;
    std::vector<TypeIndex> indexes_;  // by type
    std::vector<EventTypeId> event_types_;
};

/// Working memory of evaluations; one per thread, used again and again, with any rule set.
class EvalState {
   public:
    EvalState();
    ~EvalState();
    EvalState(EvalState&&) noexcept;
    EvalState& operator=(EvalState&&) noexcept;

   private:
    friend class RuleSet;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::secl
