// SPDX-License-Identifier: Apache-2.0
#include "common/cli/completion.h"

#include <fmt/format.h>

#include "common/cli/completion_parts.h"

namespace vedette::cli {
namespace {

/// Within '...' ; `also`: characters that get a backslash.
std::string quoted(std::string_view text, std::string_view also = {}) {
    std::string out;
    for (const char c : text) {
        if (c == '\'')
            out += "'\\''";
        else if (also.find(c) != std::string_view::npos)
            out += fmt::format("\\{}", c);
        else
            out += c;
    }
    return out;
}

std::string zsh_values(const OptionModel& option) {
    if (option.kind == ValueKind::kFile)
        return "_files; ";
    const std::string values = values_of(option);
    if (values.empty())
        return "";
    return fmt::format("compadd {}-- {}; ", option.kind == ValueKind::kAssigned ? "-S '' " : "",
                       values);
}

std::string zsh_entries(const CommandModel& program, const CommandModel& command) {
    std::string commands;
    for (const auto& sub : command.commands)
        commands += fmt::format(" '{}:{}'", sub.name, quoted(sub.help, ":"));
    std::string options;
    const auto add = [&](const CommandModel& from) {
        for (const auto& option : from.options)
            for (const auto& name : option.names)
                options += fmt::format(" '{}:{}'", name, quoted(option.help, ":"));
    };
    add(command);
    if (&command != &program)
        add(program);
    const auto* positional = first_positional(command);
    return fmt::format(
        "        '{}')\n            commands=({})\n            options=({})\n{}            ;;\n",
        key_of(command), commands, options,
        positional && !zsh_values(*positional).empty()
            ? fmt::format("            [[ ${{words[CURRENT]}} == -* ]] || {{ {}return }}\n",
                          zsh_values(*positional))
            : "");
}

}  // namespace

std::string zsh_completion(const CommandModel& program) {
    const std::string function = identifier(program.name);
    std::string out = fmt::format(
        "#compdef {0}\n"
        "# zsh completion for {0}. Made by `{0} generate completion zsh`.\n"
        "{1}() {{\n"
        "    local at='' i\n"
        "    local -a commands options\n"
        "    for ((i = 2; i < CURRENT; i++)); do\n{3}"
        "        case \"$at ${{words[i]}}\" in\n{2}"
        "        esac\n"
        "    done\n"
        "    case \"$at:${{words[CURRENT - 1]}}\" in\n",
        program.name, function, walk_cases(program), skip_values(program, "${words[i - 1]}"));
    for (const auto* command : flat(program))
        for (const auto& option : command->options)
            if (option.kind != ValueKind::kNone)
                out += fmt::format("        {}) {}return ;;\n",
                                   pattern_of(*command, option, command == &program),
                                   zsh_values(option));
    out += "    esac\n    case $at in\n";
    for (const auto* command : flat(program))
        out += zsh_entries(program, *command);
    return out + fmt::format(
                     "    esac\n"
                     "    if [[ ${{words[CURRENT]}} == -* ]]; then\n"
                     "        _describe option options\n"
                     "    else\n"
                     "        _describe command commands\n"
                     "    fi\n"
                     "}}\n"
                     "{0} \"$@\"\n",
                     function);
}

}  // namespace vedette::cli
