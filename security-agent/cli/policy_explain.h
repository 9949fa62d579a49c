// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime policy explain`: why a rule matches one event that is written in a file, or does not, and at
// which stage the event would have been dropped before the rule saw it.
#pragma once

#include <iosfwd>
#include <string>

#include "security-agent/cli/policy_source.h"

namespace vedette::cli {

struct PolicyExplainOptions {
    /// Of --rule-id; for --expression where its macros and variables come from, if anywhere.
    PolicySource policies;
    std::string rule_id;     ///< this or
    std::string expression;  ///< this
    std::string event_file;  ///< "-": standard input
    bool json = false;
    bool colour = false;
};

/// Exit code 0 when it could be explained, whatever came out; 2 when the rule, the expression or the event is not
/// valid.
int run_policy_explain(const PolicyExplainOptions& options, std::ostream& out, std::ostream& err);

/// Adds `explain` to `policy`.
void add_policy_explain(CLI::App& policy, int& exit_code);

}  // namespace vedette::cli
