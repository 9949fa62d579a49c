// SPDX-License-Identifier: Apache-2.0
//
// A program's commands and options as plain data, read from its CLI11 tree: completions and manual pages are made
// from this, so that they cannot say anything else than --help. What is hidden there (group "") is hidden here.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace vedette::cli {

enum class ValueKind {
    kNone,      ///< a flag
    kText,      ///< anything
    kFile,      ///< FILE or DIR
    kChoice,    ///< one of `choices`
    kSetting,   ///< a key of the settings table
    kAssigned,  ///< key=value of it
};

struct OptionModel {
    std::vector<std::string> names;  ///< "-c", "--cfgpath"; empty: positional
    std::string value;               ///< "FILE": what it takes, or the positional's name
    std::string help;
    ValueKind kind = ValueKind::kNone;
    std::vector<std::string> choices;
    bool required = false;
};

struct CommandModel {
    std::string path;  ///< "runtime policy check"; empty: the program itself
    std::string name;
    std::string help;
    std::vector<std::string> aliases;
    std::vector<OptionModel> options;
    std::vector<OptionModel> positionals;
    std::vector<CommandModel> commands;
};

CommandModel read_commands(const CLI::App& program);

/// The program and all commands below it, parents first.
std::vector<const CommandModel*> flat(const CommandModel& program);

}  // namespace vedette::cli
