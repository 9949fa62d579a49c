// SPDX-License-Identifier: Apache-2.0
#include "common/cli/manual.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace vedette::cli {
namespace {

/// Text for troff: no backslash, hyphen or leading dot of ours is a command or a dash of its.
std::string plain(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool first = i == 0 || text[i - 1] == '\n';
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if (first && (c == '.' || c == '\''))
            out += fmt::format("\\&{}", c);
        else
            out += c;
    }
    return out;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::string option_entry(const OptionModel& option) {
    std::string names;
    for (const auto& name : option.names)
        names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", plain(name));
    if (!option.value.empty())
        names += fmt::format("{}\\fI{}\\fR", names.empty() ? "" : " ", plain(option.value));
    std::string help = option.help;
    if (!option.choices.empty())
        help += fmt::format(" (one of: {})", fmt::join(option.choices, ", "));
    if (option.required && !option.names.empty())
        help += " Required.";
    return fmt::format(".TP\n{}\n{}\n", names, plain(help));
}

std::string bracketed(bool required, const std::string& text) {
    return required ? " " + text : " [" + text + "]";
}

std::string synopsis(const CommandModel& program, const CommandModel& command) {
    std::string out = fmt::format("\\fB{} {}\\fR", plain(program.name), plain(command.path));
    for (const auto& option : command.options)
        if (option.names.back() != "--help") {
            const std::string value =
                option.value.empty() ? "" : fmt::format(" \\fI{}\\fR", plain(option.value));
            out += bracketed(option.required,
                             fmt::format("\\fB{}\\fR{}", plain(option.names.front()), value));
        }
    for (const auto& positional : command.positionals)
        out += bracketed(positional.required, fmt::format("\\fI{}\\fR", plain(positional.value)));
    return out;
}

std::string command_entry(const CommandModel& program, const CommandModel& command) {
    std::string out = fmt::format(".SS {}\n{}\n.PP\n{}\n", plain(command.path),
                                  synopsis(program, command), plain(command.help));
    if (!command.aliases.empty())
        out +=
            fmt::format("Also: {}.\n", plain(fmt::format("{}", fmt::join(command.aliases, ", "))));
    for (const auto& positional : command.positionals)
        out += option_entry(positional);
    for (const auto& option : command.options)
        if (option.names.back() != "--help")
            out += option_entry(option);
    return out;
}

/// "0<TAB>done" a line, as a list.
std::string entries(std::string_view lines) {
    std::string out;
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        const size_t tab = std::min(line.find('\t'), line.size());
        out += fmt::format(".TP\n.B {}\n{}\n", plain(line.substr(0, tab)),
                           plain(line.substr(std::min(tab + 1, line.size()))));
    }
    return out;
}

}  // namespace

std::string manual_page(const CommandModel& program, const ManualText& text) {
    std::string out = fmt::format(
        ".TH {} 8 \"{}\" \"Vedette {}\" \"System administration\"\n"
        ".SH NAME\n{} \\- {}\n"
        ".SH SYNOPSIS\n\\fB{}\\fR [\\fB\\-c\\fR \\fIFILE\\fR] [\\fB\\-\\-set\\fR "
        "\\fIKEY=VALUE\\fR] \\fICOMMAND\\fR\n"
        ".SH DESCRIPTION\n{}\n.SH OPTIONS\n",
        upper(plain(program.name)), text.date, plain(text.version), plain(program.name),
        plain(text.summary), plain(program.name), plain(text.description));
    for (const auto& option : program.options)
        out += option_entry(option);
    out += ".SH COMMANDS\n";
    for (const auto* command : flat(program))
        if (!command->path.empty() && command->commands.empty())
            out += command_entry(program, *command);
    return out + ".SH EXIT STATUS\n" + entries(text.exit_codes) + ".SH FILES\n" +
           entries(text.files) + fmt::format(".SH SEE ALSO\n{}\n", plain(text.see_also));
}

}  // namespace vedette::cli
