// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime policy eval`: one rule or expression, one event file: does it match?
#pragma once

#include <iosfwd>

#include "security-agent/cli/rule_question.h"

namespace vedette::cli {

/// Exit code 0 when it could be evaluated, whatever came out; 2 when the rule, the expression or the event is not
/// valid.
int run_policy_eval(const RuleQuestion& question, std::ostream& out, std::ostream& err);

/// Adds `eval` to `policy`.
void add_policy_eval(CLI::App& policy, int& exit_code);

}  // namespace vedette::cli
