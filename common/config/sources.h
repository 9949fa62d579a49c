// SPDX-License-Identifier: Apache-2.0
//
// Where settings come from, the same for every command of both daemons.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/settings.h"
#include "common/log.h"

namespace vedette {

/// The command line options -c/--cfgpath FILE and --set KEY=VALUE, both repeatable.
struct SettingsArguments {
    std::vector<std::string> config_files;
    std::vector<std::string> assignments;
};

/// /etc/vedette/vedette.yaml and /etc/vedette/<daemon>.yaml (both may be missing; not read at all when -c is
/// given), then -c files, then this process's environment, then --set. Errors: an assignment without '=', and all of
/// Settings::load.
Result<Settings> load_settings(std::string_view daemon, const SettingsArguments& arguments);

/// What loading them had to say, for the log of a daemon that starts.
void log_warnings(const Settings& settings, Logger& logger);

}  // namespace vedette
