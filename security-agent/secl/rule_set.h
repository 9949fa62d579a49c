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

    /// Rules (their numbers in the compiled span) that match, ascending; valid until the state is used again. All
    /// rules of context.type are evaluated. Allocates nothing from the heap unless a field getter does, once the
    /// state has seen the largest event.
    std::span<const uint32_t> evaluate(const EvalContext& context, EvalState& state) const;

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
