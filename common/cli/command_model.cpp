// SPDX-License-Identifier: Apache-2.0
#include "common/cli/command_model.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

namespace vedette::cli {
namespace {

/// CLI11 shows a set of choices as "TEXT:{dot,json}".
std::vector<std::string> choices_in(const std::string& type) {
    std::vector<std::string> out;
    const size_t begin = type.find('{');
    const size_t end = type.find('}', begin);
    if (begin == std::string::npos || end == std::string::npos)
        return out;
    for (size_t at = begin + 1; at <= end;) {
        const size_t comma = std::min(type.find(',', at), end);
        out.push_back(type.substr(at, comma - at));
        at = comma + 1;
    }
    return out;
}

ValueKind kind_of(const CLI::Option& option, const OptionModel& model) {
    if (!model.choices.empty())
        return ValueKind::kChoice;
    if (model.value == "KEY=VALUE")
        return ValueKind::kAssigned;
    if (option.get_positional() && model.value == "key")
        return ValueKind::kSetting;
    if (model.value == "FILE" || model.value == "DIR" || model.value == "PATH")
        return ValueKind::kFile;
    return ValueKind::kText;
}

OptionModel read_option(const CLI::Option& option) {
    OptionModel out;
    for (const auto& name : option.get_snames())
        out.names.push_back("-" + name);
    for (const auto& name : option.get_lnames())
        out.names.push_back("--" + name);
    out.help = option.get_description();
    out.required = option.get_required();
    const bool flag = option.get_items_expected_max() == 0;
    if (flag)
        return out;
    const std::string type = option.get_type_name();
    out.choices = choices_in(type);
    out.value = out.names.empty() ? option.get_name(true) : type.substr(0, type.find(':'));
    out.kind = kind_of(option, out);
    return out;
}

void read_options(const CLI::App& app, CommandModel& out) {
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty())
            continue;
        OptionModel model = read_option(*option);
        (model.names.empty() ? out.positionals : out.options).push_back(std::move(model));
    }
}

CommandModel read(const CLI::App& app, const std::string& parent, bool top) {
    CommandModel out;
    out.name = app.get_name();
    out.path = top ? "" : parent + (parent.empty() ? "" : " ") + out.name;
    out.help = app.get_description();
    out.aliases = app.get_aliases();
    read_options(app, out);
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (sub->get_name().empty())
            read_options(*sub, out);  // an option group
        else if (!sub->get_group().empty())
            out.commands.push_back(read(*sub, out.path, false));
    }
    return out;
}

void collect(const CommandModel& command, std::vector<const CommandModel*>& out) {
    out.push_back(&command);
    for (const auto& sub : command.commands)
        collect(sub, out);
}

}  // namespace

CommandModel read_commands(const CLI::App& program) {
    return read(program, "", true);
}

std::vector<const CommandModel*> flat(const CommandModel& program) {
    std::vector<const CommandModel*> out;
    collect(program, out);
    return out;
}

}  // namespace vedette::cli
