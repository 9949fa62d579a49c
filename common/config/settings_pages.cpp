// SPDX-License-Identifier: Apache-2.0
#include "common/config/settings_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "common/config/environment.h"
#include "common/config/reference_keys.h"
#include "common/config/setting_value.h"
#include "common/config/settings.h"

namespace vedette {
namespace {

constexpr size_t kWidth = 100;

/// Words of `text` in lines of at most kWidth columns, each behind `prefix`.
std::string wrap(std::string_view text, const std::string& prefix) {
    std::string out;
    std::string line = prefix;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        if (line.size() > prefix.size() && line.size() + 1 + word.size() > kWidth) {
            out += line + "\n";
            line = prefix;
        }
        line += " " + std::string(word);
        text.remove_prefix(std::min(word.size() + 1, text.size()));
    }
    return out + line + "\n";
}

std::vector<std::string_view> parts(std::string_view key) {
    std::vector<std::string_view> out;
    for (size_t at = 0; at <= key.size();) {
        const size_t dot = std::min(key.find('.', at), key.size());
        out.push_back(key.substr(at, dot - at));
        at = dot + 1;
    }
    return out;
}

/// Text of troff: a backslash or a leading dot would be a command.
std::string troff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if ((c == '.' || c == '\'') && out.empty())
            out += fmt::format("\\&{}", c);
        else
            out += c;
    }
    return out;
}

std::string markdown_cell(std::string_view text) {
    std::string out;
    for (const char c : text)
        out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out;
}

std::string takes(const SettingDef& def) {
    const bool any_text = def.type == SettingType::kString && def.choices.empty();
    return any_text ? "text" : expected_value(def);
}

std::string default_text(const SettingDef& def) {
    return def.default_value.empty() ? "\"\"" : std::string(def.default_value);
}

std::string reference_section() {
    std::string renamed = "| of the reference | here |\n|---|---|\n";
    std::string ignored = "| of the reference | instead |\n|---|---|\n";
    for (const ReferenceKey& entry : reference_keys()) {
        if (!entry.ours.empty())
            renamed += fmt::format("| `{}` | `{}` |\n", entry.key, entry.ours);
        else
            ignored += fmt::format("| `{}` | {} |\n", entry.key, entry.instead);
    }
    return "## Settings of the reference\n\n"
           "Files and variables of an existing deployment load as they are. The keys above have "
           "the same names there; "
           "these have another:\n\n" +
           renamed +
           "\nThese are known and ignored, each with one warning in the log that names file and "
           "line (`*`: every key "
           "that begins so; a key stands for all below it):\n\n" +
           ignored;
}

}  // namespace

std::string settings_markdown() {
    std::string out =
        "# Settings\n\n"
        "<!-- Generated from common/config/settings_table.cpp and reference_keys.cpp by ./dev doc: "
        "do not edit. -->\n\n"
        "Both daemons and all their commands read the same settings; each value comes from the "
        "last of these that "
        "has it:\n\n"
        "1. the default below;\n"
        "2. `/etc/vedette/vedette.yaml`, then `/etc/vedette/security-agent.yaml` or "
        "`/etc/vedette/system-probe.yaml`; with `-c FILE` (as often as you like, later ones win) "
        "those files "
        "instead;\n"
        "3. the environment: `VEDETTE_` and the key in capitals, dots as underscores "
        "(`VEDETTE_SECURITY_AGENT_CMD_PORT`). `DD_` instead of `VEDETTE_` is taken as well, where "
        "both are set ours "
        "wins, with a warning when they differ; also `DD_RUNTIME_SECURITY_CONFIG_X` for "
        "`event_monitoring_config.x` and `DD_SYSPROBE_SOCKET`; not `DD_LOG_FILE`, which is other "
        "daemons'. Lists are "
        "words between blanks or commas, or JSON. Other `DD_` names are ignored (a debug line "
        "names them);\n"
        "4. `--set KEY=VALUE`;\n"
        "5. `security-agent config set KEY VALUE`, for what says *yes* under *live*, until the "
        "next start.\n\n"
        "`security-agent config get KEY --sources` shows which source says what, `config "
        "by-source` all of it. "
        "Unknown keys, values of the wrong type or out of range, keys set twice, files that cannot "
        "be read or that "
        "everybody may write: each is an error that names file and line, and nothing starts.\n\n"
        "| key | default | takes | live | meaning |\n|---|---|---|---|---|\n";
    for (const SettingDef& def : settings_table())
        out += fmt::format("| `{}` | `{}` | {} | {} | {} |\n", def.key,
                           markdown_cell(default_text(def)), markdown_cell(takes(def)),
                           def.runtime ? "yes" : "", markdown_cell(def.help));
    return out + "\n" + reference_section();
}

std::string settings_example() {
    std::string out =
        "## Settings of Vedette: copy to /etc/vedette/vedette.yaml and uncomment what you want to "
        "change, with the\n"
        "## sections it stands in. Made from common/config/settings_table.cpp by ./dev doc.\n";
    std::vector<std::string_view> open;
    for (const SettingDef& def : settings_table()) {
        const auto path = parts(def.key);
        size_t same = 0;
        while (same < open.size() && same + 1 < path.size() && open[same] == path[same])
            ++same;
        open.resize(same);
        out += "\n";
        for (; open.size() + 1 < path.size(); open.push_back(path[open.size()]))
            out += fmt::format("# {:{}}{}:\n", "", 2 * open.size(), path[open.size()]);
        const std::string indent(2 * open.size(), ' ');
        out += wrap(def.help, "##" + indent);
        out += wrap(fmt::format("{}. {}", takes(def), environment_name(def.key)), "##" + indent);
        out += fmt::format("# {}{}: {}\n", indent, path.back(), default_text(def));
    }
    return out;
}

std::string settings_manual(const std::string& version, const std::string& date) {
    std::string out = fmt::format(
        ".TH VEDETTE.YAML 5 \"{}\" \"Vedette {}\" \"File formats\"\n"
        ".SH NAME\n"
        "vedette.yaml \\- settings of security\\-agent and system\\-probe\n"
        ".SH DESCRIPTION\n"
        "Both daemons read\n.I /etc/vedette/vedette.yaml\nand then\n.I "
        "/etc/vedette/security\\-agent.yaml\nor\n"
        ".IR /etc/vedette/system\\-probe.yaml ;\nwith\n.B \\-c\nthe files it names instead.\n"
        "The environment wins over files, and\n.B \\-\\-set\nover both.\n"
        "Unknown keys and wrong values are errors that name file and line.\n"
        ".SH SETTINGS\n"
        "A dot in a name is a section of the file.\n",
        date, troff(version));
    for (const SettingDef& def : settings_table())
        out += fmt::format(".TP\n.B {}\n{}\nTakes {}; the default is {}.\n{}\n", troff(def.key),
                           troff(def.help), troff(takes(def)), troff(default_text(def)),
                           troff(environment_name(def.key)));
    return out +
           ".SH ENVIRONMENT\n"
           "VEDETTE_ and the key in capitals, dots as underscores. DD_ instead of VEDETTE_ is "
           "taken as well.\n"
           ".SH FILES\n"
           ".I /usr/share/doc/vedette/vedette.yaml.example\n"
           ".SH SEE ALSO\n"
           ".BR security\\-agent (8),\n.BR system\\-probe (8)\n";
}

}  // namespace vedette
