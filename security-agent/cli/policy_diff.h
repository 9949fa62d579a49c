// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime policy diff`: what changed between two sets of policies, and on a recorded stream which alerts
// appear and disappear.
#pragma once

#include <iosfwd>
#include <string>

#include "security-agent/cli/policy_source.h"

namespace vedette::cli {

struct PolicyDiffOptions {
    std::string before;  ///< a directory of *.policy, or one file
    std::string after;
    std::string recording;  ///< empty: none
    std::string agent_version = policy::kEmulatedVersion;
    bool json = false;
};

/// Exit code: 0 the same, 1 different, 2 something cannot be read or the recording is damaged.
int run_policy_diff(const PolicyDiffOptions& options, std::ostream& out, std::ostream& err);

/// Adds `diff` to `policy`.
void add_policy_diff(CLI::App& policy, int& exit_code);

}  // namespace vedette::cli
