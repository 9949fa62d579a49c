// SPDX-License-Identifier: Apache-2.0
//
// The hidden command `generate`, for packages: completion bash|zsh|fish, man, settings-man.
#pragma once

#include "common/cli/manual.h"

namespace CLI {
class App;
}

namespace vedette::cli {

/// Adds it to `program`, which must outlive parsing and already have its name. Prints to standard output.
void add_generate(CLI::App& program, ManualText text);

}  // namespace vedette::cli
