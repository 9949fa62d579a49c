// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/doctor_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <sstream>
#include <string>

#include "security-agent/cli/client_commands.h"
#include "security-agent/cli/doctor_checks.h"
#include "security-agent/cli/json_text.h"
#include "security-agent/cli/session.h"

namespace vedette::cli {
namespace {

void examine(const SettingsArguments& arguments, Findings& out) {
    const auto settings = settings_for_client(arguments);
    if (!settings) {
        std::istringstream lines(settings.error().message);
        for (std::string line; std::getline(lines, line);)
            out.fail("settings", line, "mend it: everything else depends on the settings");
        return;
    }
    std::string files;
    for (const std::string& file : settings->files())
        files += (files.empty() ? "" : ", ") + file;
    out.ok("settings", "valid" + (files.empty() ? ": defaults, no file" : ": " + files));
    check_secrets(*settings, out);
    const auto status = ask_agent(arguments, out);
    check_ports(*settings, status.has_value(), out);
    if (status)
        check_agent(*status, out);
    const auto probe = ask_probe(*settings, status ? &*status : nullptr, out);
    const std::optional<HookStates> hooks =
        probe ? check_probe(*probe, out) : try_hooks(arguments, out);
    check_rules(*settings, hooks && !hooks->empty() ? &*hooks : nullptr, out);
    check_outputs(*settings, out);
    check_host(*settings, out);
}

}  // namespace

void add_doctor(CLI::App& top, const SettingsArguments& settings, int& exit_code) {
    struct Flags {
        bool json = false;
        bool plain = false;
    };
    const auto flags = std::make_shared<Flags>();
    CLI::App* doctor =
        top.add_subcommand("doctor",
                           "Will it work here, what can it not see, which rules suffer; exit code "
                           "1: something does not work, 4: warnings");
    doctor->fallthrough();
    doctor->add_flag("-j,--json", flags->json, "As JSON");
    doctor->add_flag("--no-color,--no-colour", flags->plain, "Plain text also on a terminal");
    doctor->callback([&settings, &exit_code, flags] {
        Findings found;
        examine(settings, found);
        put_out(flags->json ? pretty_json(findings_json(found)) + "\n"
                            : findings_text(found, Style{colour_wanted(flags->plain)}));
        exit_code = found.exit_code();
    });
}

}  // namespace vedette::cli
