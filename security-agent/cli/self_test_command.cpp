// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/self_test_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <iostream>

#include "common/log.h"
#include "security-agent/cli/session.h"

namespace vedette::cli {
namespace {

constexpr const char* kRoute = "/agent/self-test";

}  // namespace

void add_self_test(CLI::App& runtime, const SettingsArguments& settings, int& exit_code) {
    CLI::App* test = runtime.add_subcommand(
        "self-test",
        "Do what rules of our own are about and see whether the events arrive; exit code 1 if not");
    test->callback([&settings, &exit_code] {
        const auto answer = call(settings, "POST", kRoute);
        if (!answer) {
            std::cerr << "error: " << answer.error().message << '\n';
            exit_code = answer.error().exit_code;
            return;
        }
        exit_code = print_self_test(*answer, std::cout, std::cerr);
    });
}

int print_self_test(const std::string& answer, std::ostream& out, std::ostream& err) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(answer, error);
    if (error || !parsed.is_object()) {
        err << "error: the agent's answer is no JSON object\n";
        return 1;
    }
    const auto& outcome = parsed.get_object();
    const auto* problem = outcome.if_contains("Error");
    if (!problem || !problem->is_string()) {
        err << "error: the agent's answer is not understood\n";
        return 1;
    }
    if (problem->get_string().empty()) {
        out << "Runtime self test: OK\n";
        return 0;
    }
    err << "Runtime self test: failed: " << printable(std::string_view(problem->get_string()))
        << '\n';
    return 1;
}

}  // namespace vedette::cli
