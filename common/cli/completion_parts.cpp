// SPDX-License-Identifier: Apache-2.0
#include "common/cli/completion_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/config/settings.h"

namespace vedette::cli {
namespace {

std::string setting_keys(std::string_view suffix) {
    std::string out;
    for (const SettingDef& def : settings_table())
        out += fmt::format("{}{}{}", out.empty() ? "" : " ", def.key, suffix);
    return out;
}

/// The pattern for all options that take a value.
std::string options_with_values(const CommandModel& program) {
    std::string out;
    for (const auto* command : flat(program))
        for (const auto& option : command->options)
            if (option.kind != ValueKind::kNone)
                out +=
                    (out.empty() ? "" : " | ") + pattern_of(*command, option, command == &program);
    return out;
}

}  // namespace

std::string key_of(const CommandModel& command) {
    return command.path.empty() ? "" : " " + command.path;
}

std::string identifier(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    return "_" + name;
}

std::string values_of(const OptionModel& option) {
    switch (option.kind) {
        case ValueKind::kChoice:
            return fmt::format("{}", fmt::join(option.choices, " "));
        case ValueKind::kSetting:
            return setting_keys("");
        case ValueKind::kAssigned:
            return setting_keys("=");
        default:
            return {};
    }
}

std::string pattern_of(const CommandModel& command, const OptionModel& option, bool everywhere) {
    std::string out;
    for (const auto& name : option.names)
        out += fmt::format("{}{}:{}", out.empty() ? "" : " | ",
                           everywhere ? "*" : "'" + key_of(command) + "'", name);
    return out;
}

std::string skip_values(const CommandModel& program, std::string_view before) {
    return fmt::format("        case \"$at:{}\" in\n            {}) continue ;;\n        esac\n",
                       before, options_with_values(program));
}

std::string walk_cases(const CommandModel& program) {
    std::string out;
    for (const auto* command : flat(program)) {
        if (command->path.empty())
            continue;
        const std::string parent =
            key_of(*command).substr(0, key_of(*command).size() - command->name.size() - 1);
        std::string names = fmt::format("'{}'", key_of(*command));
        for (const auto& alias : command->aliases)
            names += fmt::format(" | '{} {}'", parent, alias);
        out += fmt::format("            {}) at='{}' ;;\n", names, key_of(*command));
    }
    return out;
}

const OptionModel* first_positional(const CommandModel& command) {
    return command.positionals.empty() ? nullptr : &command.positionals.front();
}

}  // namespace vedette::cli
