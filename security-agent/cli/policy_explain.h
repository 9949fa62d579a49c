// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime policy explain`: why a rule matches one event that is written in a file, or does not, and at
// which stage the event would have been dropped before the rule saw it.
#pragma once

#include <iosfwd>

#include "security-agent/cli/rule_question.h"

namespace vedette::cli {

/// Exit code 0 when it could be explained, whatever came out; 2 when the rule, the expression or the event is not
/// valid.
int run_policy_explain(const RuleQuestion& question, bool colour, std::ostream& out,
                       std::ostream& err);

/// Adds `explain` to `policy`.
void add_policy_explain(CLI::App& policy, int& exit_code);

}  // namespace vedette::cli
