// SPDX-License-Identifier: Apache-2.0
//
// security-agent: the command line.
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <thread>

#include "common/cli/generate.h"
#include "common/config/sources.h"
#include "common/log.h"
#include "security-agent/app/agent.h"
#include "security-agent/app/format.h"
#include "security-agent/cli/client_commands.h"
#include "security-agent/cli/doctor_command.h"
#include "security-agent/cli/probe_commands.h"
#include "security-agent/cli/runtime_commands.h"
#include "security-agent/cli/tail_command.h"
#include "security-agent/cli/top_command.h"
#include "security-agent/cli/tree_command.h"
#include "security-agent/cli/workload_command.h"
#include "security-agent/self_test/act.h"

namespace {

using namespace vedette;

constexpr int kExitUsage = 2;

struct StartArguments {
    app::AgentOptions options;
    bool allow_root = false;
};

int complain(const Error& error) {
    std::fprintf(stderr, "security-agent: %s\n", error.message.c_str());
    return kExitUsage;
}

int run_start(const SettingsArguments& sources, const StartArguments& arguments) {
    if (geteuid() == 0 && !arguments.allow_root)
        return complain(
            {ErrorCode::kDenied, 0,
             "does not run as root, because it reads policies, answers HTTP and handles "
             "what any process chose to write; start it as user 'vedette' (as the systemd "
             "unit does), or with --allow-root"});
    Result<Settings> settings = load_settings("security-agent", sources);
    if (!settings)
        return complain(settings.error());
    LogOptions log;
    log.name = "security-agent";
    log.level = settings->string("log_level");
    log.file = settings->string("log_file");
    log.console = settings->boolean("log_to_console");
    log.json = settings->boolean("log_format_json");
    Result<std::shared_ptr<Logger>> logger = make_logger(log);
    if (!logger)
        return complain(logger.error());
    log_warnings(*settings, **logger);
    if (!settings->boolean("runtime_security_config.enabled")) {
        (*logger)->info("runtime_security_config.enabled is false: nothing to do, exiting");
        // Long enough that a supervisor's restart loop stays slow.
        std::this_thread::sleep_for(std::chrono::seconds(5));
        return 0;
    }
    return app::Agent(std::move(*settings), *logger, arguments.options).run();
}

void add_start(CLI::App& top, const SettingsArguments& sources, StartArguments& arguments,
               int& exit_code) {
    CLI::App* start = top.add_subcommand("start", "Run the agent in the foreground");
    start->add_option("-p,--pidfile", arguments.options.pid_file, "Write the process id there")
        ->type_name("FILE");
    start->add_flag("--allow-root", arguments.allow_root, "Run although the user is root");
    start->callback([&] { exit_code = run_start(sources, arguments); });
}

/// The self-test's own program; of no use to people.
void add_self_test_connect(CLI::App& top, std::string& mark, int& exit_code) {
    CLI::App* connect = top.add_subcommand(self_test::kConnectCommand)->group("");
    connect->add_option("mark", mark, "What its rule knows it by");
    connect->callback([&] { exit_code = self_test::connect_once(); });
}

void add_format(CLI::App& top, std::string& colour, int& exit_code) {
    CLI::App* format =
        top.add_subcommand("format", "Alerts (JSON lines on standard input) as compact text");
    format->add_option("--color,--colour", colour, "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}));
    format->callback([&] {
        const bool wanted = colour == "always" || (colour == "auto" && isatty(STDOUT_FILENO));
        exit_code = app::run_format(std::cin, std::cout, wanted);
    });
}

cli::ManualText manual() {
    return {
        .summary = "matches events of the kernel against rules and raises alerts",
        .description =
            "The unprivileged half of Vedette: takes events from system-probe, evaluates the rules "
            "of "
            "/etc/vedette/runtime-security.d, writes alerts, and answers on a local API, which "
            "most "
            "of the commands below ask.",
        .exit_codes =
            "0\tdone; the answer is yes\n"
            "1\tit failed, or the answer is no: something is unhealthy, a rule does not compile\n"
            "2\twrong use: an unknown option, setting, event or expression\n"
            "3\tno agent is running\n"
            "4\tdoctor: it works, with warnings",
        .files =
            "/etc/vedette/vedette.yaml\tsettings of both daemons\n"
            "/etc/vedette/security-agent.yaml\tsettings of this one\n"
            "/etc/vedette/runtime-security.d\tpolicies\n"
            "/var/lib/vedette/auth_token\tsession token: who can read it may use the API\n"
            "/var/lib/vedette/ipc_cert.pem\tcertificate and key of the API",
        .see_also = "system-probe(8), vedette.yaml(5)",
        .version = {},
        .date = {}};
}

int run(int argc, char** argv) {
    CLI::App top("Vedette security-agent: matches events against rules and raises alerts");
    top.name("security-agent");
    top.require_subcommand(1);
    top.fallthrough();
    SettingsArguments sources;
    StartArguments start;
    std::string colour = "auto";
    std::string mark;
    int exit_code = 0;
    cli::add_settings_options(top, sources);
    add_start(top, sources, start, exit_code);
    cli::add_runtime_commands(top, sources, exit_code);
    cli::add_probe_commands(top, sources, exit_code);
    cli::add_process_cache(top, sources, exit_code);
    cli::add_tail(top, sources, exit_code);
    cli::add_top(top, sources, exit_code);
    cli::add_tree(top, sources, exit_code);
    cli::add_doctor(top, sources, exit_code);
    add_format(top, colour, exit_code);
    add_self_test_connect(top, mark, exit_code);
    cli::add_client_commands(top, sources, exit_code);
    cli::add_workload_command(top, sources, exit_code);
    cli::add_generate(top, manual());
    try {
        top.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return top.exit(error) == 0 ? 0 : kExitUsage;
    }
    return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "security-agent: %s\n", error.what());
        return 1;
    }
}
