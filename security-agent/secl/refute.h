// SPDX-License-Identifier: Apache-2.0
//
// Whether a rule can match when only one thing of an event is known. Everything else is unknown (truth.h), so "false" is
// a proof: no event of which this holds matches the rule.
#pragma once

#include <functional>
#include <string_view>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/truth.h"

namespace vedette::secl {

/// The condition when `known` says of each test what is known of it.
Truth evaluate_known(const Condition& condition, const std::function<Truth(const Test&)>& known);

/// Truth of a test of the event of `context` that reads no other fields than `is_known` names; else unknown.
Truth known_test(const Test& test, const EvalContext& context,
                 const std::function<bool(std::string_view field)>& is_known);

/// Truth of a test for every event whose `path_field` is a path below `directory` ("/usr/lib": no slash at its end).
Truth test_below(const Test& test, std::string_view directory, std::string_view path_field);

}  // namespace vedette::secl
