// SPDX-License-Identifier: Apache-2.0
//
// `runtime policy check` and `runtime policy reload`: the policies as they are in the files, and into the agent.
#pragma once

#include <iosfwd>
#include <string>

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

/// Where policies are and which version they take us for is said by options, else by the settings.
void add_policy_check(CLI::App& policy, const SettingsArguments& settings, int& exit_code);

/// Asks the running agent. Exit code 0 when the policies are in force, 1 when they were refused.
void add_policy_reload(CLI::App& policy, const SettingsArguments& settings, int& exit_code);

/// The agent's answer to a reload for people. Returns the exit code.
int print_reload(const std::string& answer, std::ostream& out, std::ostream& err);

}  // namespace vedette::cli
