// SPDX-License-Identifier: Apache-2.0
#include "common/cli/completion.h"

#include <fmt/format.h>

#include "common/cli/completion_parts.h"

namespace vedette::cli {
namespace {

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
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n{3}"
        "        case \"$at ${{COMP_WORDS[i]}}\" in\n{2}"
        "        esac\n"
        "    done\n"
        "    case \"$at:$prev\" in\n",
        program.name, function, walk_cases(program), skip_values(program, "${COMP_WORDS[i - 1]}"));
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

}  // namespace vedette::cli
