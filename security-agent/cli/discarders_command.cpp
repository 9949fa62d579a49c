// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/discarders_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <iostream>
#include <string>

#include "common/log.h"
#include "security-agent/cli/session.h"

namespace vedette::cli {
namespace {

constexpr const char* kRoute = "/agent/discarders/dump";

int print_dump(const std::string& answer) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(answer, error);
    const auto* outcome = error ? nullptr : parsed.if_object();
    const auto* problem = outcome ? outcome->if_contains("Error") : nullptr;
    const auto* filename = outcome ? outcome->if_contains("Filename") : nullptr;
    if (problem && problem->is_string()) {
        std::cerr << "error: " << printable(std::string_view(problem->get_string())) << '\n';
        return 1;
    }
    if (!filename || !filename->is_string()) {
        std::cerr << "error: the agent's answer is not understood\n";
        return 1;
    }
    std::cout << "Discarder dump file: " << printable(std::string_view(filename->get_string()))
              << '\n';
    return 0;
}

}  // namespace

void add_discarders(CLI::App& runtime, const SettingsArguments& settings, int& exit_code) {
    CLI::App* discarders =
        runtime.add_subcommand("discarders", "What the kernel drops because of earlier events");
    discarders->require_subcommand(1);
    discarders->fallthrough();
    CLI::App* dump = discarders->add_subcommand(
        "dump", "Have the probe write them to a file, which only root can read");
    dump->callback([&settings, &exit_code] {
        const auto answer = call(settings, "POST", kRoute);
        if (answer) {
            exit_code = print_dump(*answer);
            return;
        }
        std::cerr << "error: " << answer.error().message << '\n';
        exit_code = answer.error().exit_code;
    });
}

}  // namespace vedette::cli
