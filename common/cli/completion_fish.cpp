// SPDX-License-Identifier: Apache-2.0
#include "common/cli/completion.h"

#include <fmt/format.h>

#include "common/cli/completion_parts.h"

namespace vedette::cli {
namespace {

std::string fish_quoted(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\'' || c == '\\')
            out += '\\';
        out += c;
    }
    return out;
}

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

std::string fish_options_with_values(const CommandModel& program) {
    std::string out;
    for (const auto* command : flat(program))
        for (const auto& option : command->options)
            for (const auto& name : option.names)
                if (option.kind != ValueKind::kNone)
                    out += fmt::format("{}'{}:{}'", out.empty() ? "" : " ",
                                       command == &program ? "*" : key_of(*command), name);
    return out;
}

}  // namespace

std::string fish_completion(const CommandModel& program) {
    const std::string function = "_" + identifier(program.name);
    std::string out = fmt::format(
        "# fish completion for {0}. Made by `{0} generate completion fish`.\n"
        "function {1}_at\n"
        "    set -l at ''\n"
        "    set -l before ''\n"
        "    for word in (commandline -opc)[2..-1]\n"
        "        set -l here \"$at:$before\"\n"
        "        set before $word\n"
        "        switch $here\n"
        "            case {2}\n"
        "                continue\n"
        "        end\n"
        "        switch \"$at $word\"\n",
        program.name, function, fish_options_with_values(program));
    for (const auto* command : flat(program))
        if (!command->path.empty())
            out += fmt::format("            case '{0}'\n                set at '{0}'\n",
                               key_of(*command));
    out += "        end\n    end\n    test \"$at\" = \"$argv[1]\"\nend\n";
    out += fmt::format("complete -c {} -f\n", program.name);
    for (const auto* command : flat(program)) {
        const std::string here = fmt::format("complete -c {} -n \"{}_at '{}'\"", program.name,
                                             function, key_of(*command));
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
