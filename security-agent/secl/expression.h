// SPDX-License-Identifier: Apache-2.0
//
// An expression outside the index: the filter of an action, the value of a `set` action, what a person asks about one
// event. Evaluated by walking the tree; rules that see every event are compiled into a RuleSet instead.
#pragma once

#include <memory>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/read_values.h"
#include "security-agent/secl/truth.h"

namespace vedette::secl {

/// Immutable; any thread. The field, variable and template tables it was compiled with must outlive it.
class Expression {
   public:
    explicit Expression(BoundValue value) : value_(std::move(value)) {}

    ValueType type() const;
    bool is_list() const;
    /// Of a condition.
    Truth test(const EvalContext& context) const;
    /// Of anything; a condition gives 0 or 1. Replaces `out`.
    void value(const EvalContext& context, SlotValues& out) const;
    const BoundValue& bound() const { return value_; }

   private:
    BoundValue value_;
};

}  // namespace vedette::secl
