// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime ...`: rules and policies. Each command has a file of its own with a function
// add_NAME(CLI::App& parent, ..., int& exit_code); this one puts the tree together.
//
// Exit codes of all of them: 0 done; 1 the answer is no (a rule is wrong, a test failed, policies differ); 2 wrong
// usage, or input that is not valid; 3 the agent is not running.
#pragma once

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

/// Adds `runtime` and everything below it to `top`. The chosen command runs inside top.parse() and leaves its exit code
/// in `exit_code`; both references must live until then.
void add_runtime_commands(CLI::App& top, const SettingsArguments& settings, int& exit_code);

}  // namespace vedette::cli
