// SPDX-License-Identifier: Apache-2.0
//
// The meaning of a bound rule, spelled out as slowly and plainly as possible: a tree walk without index, cache or
// automaton. What the real engine is compared with.
#pragma once

#include "security-agent/secl/bound.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/truth.h"

namespace vedette::secl::test {

Truth naive_truth(const BoundRule& rule, const EvalContext& context);
/// The same without regard to where registers are bound: some combination of elements makes the whole true. Equal
/// when no iterator that the rule has a register for is empty.
Truth naive_over_all_elements(const BoundRule& rule, const EvalContext& context);

/// Reference implementations of the two kinds of pattern: recursive, by definition.
bool naive_pattern(std::string_view pattern, std::string_view text);
bool naive_glob(std::string_view glob, std::string_view path);

}  // namespace vedette::secl::test
