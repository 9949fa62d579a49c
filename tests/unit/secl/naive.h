// SPDX-License-Identifier: Apache-2.0
//
// The meaning of a bound rule, spelled out as slowly and plainly as possible: a tree walk without index, cache or
// automaton. What the real engine is compared with.
#pragma once

#include "security-agent/secl/bound.h"
#include "security-agent/secl/eval_context.h"

namespace vedette::secl::test {

bool naive_matches(const BoundRule& rule, const EvalContext& context);

/// Reference implementations of the two kinds of pattern: recursive, by definition.
bool naive_pattern(std::string_view pattern, std::string_view text);
bool naive_glob(std::string_view glob, std::string_view path);

}  // namespace vedette::secl::test
