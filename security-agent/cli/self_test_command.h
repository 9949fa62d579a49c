// SPDX-License-Identifier: Apache-2.0
//
// `runtime self-test`: lets the running agent prove that events come through.
#pragma once

#include <iosfwd>
#include <string>

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

void add_self_test(CLI::App& runtime, const SettingsArguments& settings, int& exit_code);

/// The agent's answer as text. Returns the exit code: 0 when it passed.
int print_self_test(const std::string& answer, std::ostream& out, std::ostream& err);

}  // namespace vedette::cli
