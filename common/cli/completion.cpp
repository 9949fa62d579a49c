// SPDX-License-Identifier: Apache-2.0
//
// A command is known to the scripts as its path with a blank before each word (" runtime policy"), the program as "".
// Options of the program itself are offered everywhere, as they are taken everywhere.
#include "common/cli/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/config/settings.h"

namespace vedette::cli {
namespace {

std::string key_of(const CommandModel& command) {
    return command.path.empty() ? "" : " " + command.path;
}

std::string identifier(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    return "_" + name;
}

/// Within '...' of bash and zsh; `also`: characters that get a backslash.
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

std::string fish_quoted(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\'' || c == '\\')
            out += '\\';
        out += c;
    }
    return out;
}

std::string setting_keys(std::string_view suffix) {
    std::string out;
    for (const SettingDef& def : settings_table())
        out += fmt::format("{}{}{}", out.empty() ? "" : " ", def.key, suffix);
    return out;
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

/// "' runtime':--set | ' runtime':-c": the case pattern for options of `command` that stand before the cursor.
std::string pattern_of(const CommandModel& command, const OptionModel& option, bool everywhere) {
    std::string out;
    for (const auto& name : option.names)
        out += fmt::format("{}{}:{}", out.empty() ? "" : " | ",
                           everywhere ? "*" : "'" + key_of(command) + "'", name);
    return out;
}

std::string walk(const CommandModel& program) {
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

std::string option_words(const CommandModel& program, const CommandModel& command) {
    std::string out;
    const auto add = [&](const CommandModel& from) {
        for (const auto& option : from.options)
            for (const auto& name : option.names)
                if (fmt::format(" {} ", out).find(fmt::format(" {} ", name)) == std::string::npos)
                    out += (out.empty() ? "" : " ") + name;
    };
    add(command);
    add(program);
    return out;
}

std::string bash_values(const OptionModel& option) {
    if (option.kind == ValueKind::kFile)
        return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
    const std::string values = values_of(option);
    if (values.empty())
        return "";
    return fmt::format("{}mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")",
                       option.kind == ValueKind::kAssigned ? "compopt -o nospace; " : "", values);
}

}  // namespace

std::string bash_completion(const CommandModel& program) {
    const std::string function = identifier(program.name);
    std::string out = fmt::format(
        "# bash completion for {0}. Made by `{0} generate completion bash`.\n"
        "{1}() {{\n"
        "    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} at='' i\n"
        "    COMPREPLY=()\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case \"$at ${{COMP_WORDS[i]}}\" in\n{2}"
        "        esac\n"
        "    done\n"
        "    case \"$at:$prev\" in\n",
        program.name, function, walk(program));
    for (const auto* command : flat(program))
        for (const auto& option : command->options)
            if (option.kind != ValueKind::kNone)
                out += fmt::format("        {}) {}{}return ;;\n",
                                   pattern_of(*command, option, command == &program),
                                   bash_values(option), bash_values(option).empty() ? "" : "; ");
    out += "    esac\n    if [[ $cur == -* ]]; then\n        case $at in\n";
    for (const auto* command : flat(program))
        out += fmt::format(
            "            '{}') mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\") ;;\n",
            key_of(*command), option_words(program, *command));
    out += "        esac\n        return\n    fi\n    case $at in\n";
    for (const auto* command : flat(program)) {
        std::string words;
        for (const auto& sub : command->commands)
            words += (words.empty() ? "" : " ") + sub.name;
        const auto* positional = first_positional(*command);
        if (!words.empty())
            out += fmt::format(
                "        '{}') mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\") ;;\n",
                key_of(*command), words);
        else if (positional && !bash_values(*positional).empty())
            out += fmt::format("        '{}') {} ;;\n", key_of(*command), bash_values(*positional));
    }
    return out + fmt::format("    esac\n}}\ncomplete -F {} {}\n", function, program.name);
}

namespace {

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
    return fmt::format("        '{}')\n            commands=({})\n            options=({})\n{}            ;;\n",
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
        "    for ((i = 2; i < CURRENT; i++)); do\n"
        "        case \"$at ${{words[i]}}\" in\n{2}"
        "        esac\n"
        "    done\n"
        "    case \"$at:${{words[CURRENT - 1]}}\" in\n",
        program.name, function, walk(program));
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

namespace {

std::string fish_option(const CommandModel& program, const CommandModel& command,
                        const OptionModel& option) {
    std::string out = fmt::format("complete -c {}", program.name);
    if (&command != &program)
        out += fmt::format(" -n \"_{}_at '{}'\"", identifier(program.name), key_of(command));
    for (const auto& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (option.kind == ValueKind::kFile)
        out += " -r -F";
    else if (option.kind != ValueKind::kNone)
        out += fmt::format(" -x -a '{}'", values_of(option));
    return out + fmt::format(" -d '{}'\n", fish_quoted(option.help));
}

}  // namespace

std::string fish_completion(const CommandModel& program) {
    const std::string function = "_" + identifier(program.name);
    std::string out = fmt::format(
        "# fish completion for {0}. Made by `{0} generate completion fish`.\n"
        "function {1}_at\n"
        "    set -l at ''\n"
        "    for word in (commandline -opc)[2..-1]\n"
        "        switch \"$at $word\"\n",
        program.name, function);
    for (const auto* command : flat(program))
        if (!command->path.empty())
            out += fmt::format("            case '{0}'\n                set at '{0}'\n",
                               key_of(*command));
    out += "        end\n    end\n    test \"$at\" = \"$argv[1]\"\nend\n";
    out += fmt::format("complete -c {} -f\n", program.name);
    for (const auto* command : flat(program)) {
        const std::string here =
            fmt::format("complete -c {} -n \"{}_at '{}'\"", program.name, function, key_of(*command));
        for (const auto& sub : command->commands)
            out += fmt::format("{} -a {} -d '{}'\n", here, sub.name, fish_quoted(sub.help));
        const auto* positional = first_positional(*command);
        if (positional && positional->kind == ValueKind::kFile)
            out += here + " -F\n";
        else if (positional && !values_of(*positional).empty())
            out += fmt::format("{} -a '{}'\n", here, values_of(*positional));
        for (const auto& option : command->options)
            out += fish_option(program, *command, option);
    }
    return out;
}

}  // namespace vedette::cli
