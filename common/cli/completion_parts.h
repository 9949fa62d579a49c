// SPDX-License-Identifier: Apache-2.0
//
// What the scripts of all shells need. A command is known to them as its path with a blank before each word
// (" runtime policy"), the program as "". Options of the program itself are offered everywhere, as they are taken
// everywhere.
#pragma once

#include <string>
#include <string_view>

#include "common/cli/command_model.h"

namespace vedette::cli {

/// " runtime policy"
std::string key_of(const CommandModel& command);
/// "_security_agent": a function's name
std::string identifier(std::string name);
/// Words that may stand there, between blanks; empty for anything, or a file.
std::string values_of(const OptionModel& option);
/// nullptr when the command has none.
const OptionModel* first_positional(const CommandModel& command);

// For bash and zsh, which have the same `case`.

/// "' runtime':--set | ' runtime':-c": the pattern for an option of `command` as the word before the cursor.
std::string pattern_of(const CommandModel& command, const OptionModel& option, bool everywhere);
/// For the walk over the words: the word after an option that takes a value is no command. `before` is the shell's way
/// to say the word before.
std::string skip_values(const CommandModel& program, std::string_view before);
/// Cases for "$at $word", where `at` is the command so far.
std::string walk_cases(const CommandModel& program);

}  // namespace vedette::cli
