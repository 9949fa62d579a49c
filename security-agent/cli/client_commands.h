// SPDX-License-Identifier: Apache-2.0
//
// The commands that talk to a running agent through its API: status, flare, version, hostname, stop, health, config.
//
// Exit codes: 0 done; 1 failed (the agent refused or the answer made no sense, or health found something
// unhealthy); 2 wrong usage or settings; 3 the agent is not running or cannot be reached.
#pragma once

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotRunning = 3;

/// -c/--cfgpath and --set, for the top of a daemon's command line.
void add_settings_options(CLI::App& app, SettingsArguments& arguments);

/// Adds the commands to `app`. The chosen one runs inside app.parse() and leaves its exit code in `exit_code`; both
/// references must live until then.
void add_client_commands(CLI::App& app, const SettingsArguments& arguments, int& exit_code);

}  // namespace vedette::cli
