// SPDX-License-Identifier: Apache-2.0
//
// `security-agent doctor`: will it work here, what can it not see, which rules suffer. With and without a running pair.
//
// Exit codes: 0 all is well; 1 something does not work; 2 wrong usage; 4 it works, with warnings.
#pragma once

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

void add_doctor(CLI::App& top, const SettingsArguments& settings, int& exit_code);

}  // namespace vedette::cli
