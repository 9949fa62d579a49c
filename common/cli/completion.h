// SPDX-License-Identifier: Apache-2.0
//
// Completion scripts for shells. Each walks the words before the cursor to find the command, then offers its
// commands, options, choices, settings or files.
#pragma once

#include <string>

#include "common/cli/command_model.h"

namespace vedette::cli {

std::string bash_completion(const CommandModel& program);
std::string zsh_completion(const CommandModel& program);
std::string fish_completion(const CommandModel& program);

}  // namespace vedette::cli
