// SPDX-License-Identifier: Apache-2.0
//
// `runtime` commands that the probe answers, on its own socket: `network-namespace dump`. Exit codes: client_commands.h.
#pragma once

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

/// After add_runtime_commands(); both references must live until parse().
void add_probe_commands(CLI::App& top, const SettingsArguments& settings, int& exit_code);

}  // namespace vedette::cli
