// SPDX-License-Identifier: Apache-2.0
//
// The value of bound expressions for one event by walking the tree: for what is asked once in a while (filters of
// actions, explanations). Rules that see every event go through a RuleSet.
#pragma once

#include <span>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/read_values.h"
#include "security-agent/secl/truth.h"

namespace vedette::secl {

/// `registers` has a place for each register of the rule (BoundRule::registers.size()); kSome writes the number of
/// the element it looks at there, and leaves that of the last one.
Truth evaluate(const Condition& condition, const EvalContext& context, std::span<size_t> registers);
Truth evaluate(const Test& test, const EvalContext& context, std::span<const size_t> registers);
Truth evaluate(const BoundRule& rule, const EvalContext& context);

/// Every value that the expression takes: several when it reads several. Replaces `out`.
void evaluate(const IntExpr& number, const EvalContext& context, std::span<const size_t> registers,
              SlotValues& out);
/// The strings stay valid while `list` does. Replaces `out`.
void evaluate(const LiteralList& list, SlotValues& out);

/// One value against the literals of a test; in lower case already for a field that ignores case.
bool matches(const StringSet& set, std::string_view value);

}  // namespace vedette::secl
