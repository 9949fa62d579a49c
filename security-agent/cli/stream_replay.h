// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime replay`: evaluates a recorded stream offline.
#pragma once

#include <iosfwd>
#include <string>

#include "security-agent/cli/policy_source.h"

namespace vedette::cli {

struct ReplayOptions {
    std::string file;
    PolicySource policies;
    bool json = false;       ///< the summary as JSON, too
    bool unlimited = false;  ///< no rate limits
};

/// Alerts as JSON lines go to `out`, a summary to `err`. Exit code: 0; 1 when the policies have errors (the good rules are
/// evaluated); 2 when the recording is damaged (what comes before the damage is evaluated) or cannot be read.
int run_replay(const ReplayOptions& options, std::ostream& out, std::ostream& err);

/// Adds `replay` to `runtime`.
void add_replay(CLI::App& runtime, int& exit_code);

}  // namespace vedette::cli
