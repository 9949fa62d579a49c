// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime policy eval`: one rule or expression, one event file: does it match?
#pragma once

#include <iosfwd>
#include <string>

#include "security-agent/cli/policy_source.h"

namespace vedette::cli {

struct PolicyEvalOptions {
    PolicySource
        policies;  ///< of --rule-id; for --expression where its macros and variables come from, if anywhere
    std::string rule_id;     ///< this or
    std::string expression;  ///< this
    std::string event_file;  ///< "-": standard input
    bool json = false;
};

/// Exit code 0 when it could be evaluated, whatever came out; 2 when the rule, the expression or the event is not
/// valid.
int run_policy_eval(const PolicyEvalOptions& options, std::ostream& out, std::ostream& err);

/// Adds `eval` to `policy`.
void add_policy_eval(CLI::App& policy, int& exit_code);

}  // namespace vedette::cli
