// SPDX-License-Identifier: Apache-2.0
//
// `runtime discarders dump`: has the running pair write down what the kernel drops because of earlier events.
#pragma once

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

void add_discarders(CLI::App& runtime, const SettingsArguments& settings, int& exit_code);

}  // namespace vedette::cli
