// SPDX-License-Identifier: Apache-2.0
//
// `security-agent top`: who does how much, now. Full-screen on a terminal; --once and --json for scripts.
#pragma once

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

struct TopOptions {
    double seconds = 2;  ///< between two pictures
    bool once = false;
    bool json = false;
    bool no_color = false;
};

/// Exit codes: 0 the user left, or --once is done; 1, 2, 3 as client_commands.h.
int run_top(const SettingsArguments& settings, const TopOptions& options);

void add_top(CLI::App& top, const SettingsArguments& settings, int& exit_code);

}  // namespace vedette::cli
