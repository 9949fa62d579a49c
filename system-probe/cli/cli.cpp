// SPDX-License-Identifier: Apache-2.0
#include "system-probe/cli/cli.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <optional>
#include <thread>

#include "common/cli/generate.h"
#include "common/config/sources.h"
#include "common/log.h"
#include "common/os/pid_file.h"
#include "common/version.h"
#include "system-probe/app/app.h"
#include "system-probe/cli/check.h"
#include "system-probe/cli/debug.h"

namespace vedette::probe {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int print_error(const Error& error, int code) {
    std::cerr << "system-probe: " << error.message << '\n';
    return code;
}

/// `pid_file`: empty for none.
int start(const Settings& settings, const std::string& pid_file) {
    auto logger = make_logger({.name = "system-probe",
                               .level = settings.string("log_level"),
                               .file = settings.string("log_file"),
                               .console = settings.boolean("log_to_console"),
                               .json = settings.boolean("log_format_json")});
    if (!logger)
        return print_error(logger.error(), kExitFailed);
    log_warnings(settings, **logger);
    if (!settings.boolean("runtime_security_config.enabled")) {
        (*logger)->info("runtime_security_config.enabled is false: nothing to watch, exiting");
        // Long enough that a supervisor's restart loop stays slow.
        std::this_thread::sleep_for(std::chrono::seconds(5));
        return 0;
    }
    std::optional<PidFile> pid;
    if (!pid_file.empty()) {
        auto created = PidFile::create(pid_file);
        if (!created)
            return print_error(created.error(), kExitFailed);
        pid = std::move(*created);
    }
    return App(settings, *logger).run();
}

cli::ManualText manual() {
    return {.summary = "watches the kernel and streams what happens to security-agent",
            .description =
                "The privileged half of Vedette: loads eBPF programs, keeps the process tree, and "
                "serves events "
                "on a unix socket that only root and the agent's user may use.",
            .exit_codes = "0\tdone\n1\tit failed\n2\twrong use, or settings with a mistake",
            .files =
                "/etc/vedette/vedette.yaml\tsettings of both daemons\n"
                "/etc/vedette/system-probe.yaml\tsettings of this one\n"
                "/run/vedette\tsockets; dumps",
            .see_also = "security-agent(8), vedette.yaml(5)",
            .version = {},
            .date = {}};
}

int print_version() {
    const auto& our = version();
    std::cout << "system-probe " << our.text;
    if (!our.commit.empty())
        std::cout << " (" << our.commit << ')';
    std::cout << '\n';
    return 0;
}

}  // namespace

int run_command_line(int argc, char** argv) {
    CLI::App program(
        "Vedette's eyes in the kernel: sees what happens and streams it to security-agent.",
        "system-probe");
    program.require_subcommand(1);
    program.fallthrough();
    SettingsArguments arguments;
    program.add_option("-c,--cfgpath", arguments.config_files, "Settings file; later ones win")
        ->type_name("FILE")
        ->expected(1)
        ->take_all();
    program
        .add_option("--set", arguments.assignments, "One setting; wins over files and environment")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
    auto* start_command =
        program.add_subcommand("start", "Run in the foreground until SIGTERM or SIGINT");
    start_command->alias("run");
    std::string pid_file;
    start_command->add_option("-p,--pid,--pidfile", pid_file, "Write the process id there")
        ->type_name("FILE");
    auto* version_command = program.add_subcommand("version", "Print the version");
    auto* check_command = program.add_subcommand(
        "check", "Load the hooks, say what this kernel offers, and unload them");
    bool json = false;
    check_command->add_flag("--json", json, "Print JSON");
    auto* config_command = program.add_subcommand("config", "Print the settings in force, as YAML");
    auto* health_command = program.add_subcommand(
        "health", "Exit code 0 when the running probe answers and reads the kernel, else 1");

    auto* debug_command = program.add_subcommand("debug", "Ask the running probe");
    debug_command->require_subcommand(1);
    debug_command->fallthrough();
    auto* debug_config_command =
        debug_command->add_subcommand("config", "Print the settings it runs with, as YAML");
    auto* debug_discarders_command = debug_command->add_subcommand(
        "discarders", "Write what the kernel drops because of earlier events to a file");
    auto* debug_processes_command = debug_command->add_subcommand(
        "process-cache",
        "Let it write what it knows of all processes to a file that root can read");
    ProcessCacheArguments process_cache;
    debug_processes_command->add_flag("--with-args", process_cache.with_args,
                                      "With command lines, passwords in them included");
    debug_processes_command->add_option("--format", process_cache.format, "dot or json")
        ->check(CLI::IsMember({"dot", "json"}))
        ->capture_default_str();

    auto* self_test_command = debug_command->add_subcommand(
        "self-test", "Let the agent prove that events come through; exit code 1 if not");
    auto* reload_command = debug_command->add_subcommand(
        "reload-policies", "Let the agent load its policies; exit code 1 when it refuses them");
    auto* report_command = debug_command->add_subcommand(
        "rule-set-report", "What became of the agent's rules, and what they let the kernel drop");
    auto* process_events_command = debug_command->add_subcommand(
        "process-events", "Forks, execs and exits as they come, one JSON object a line");
    bool snapshot = false;
    process_events_command->add_flag("--snapshot", snapshot, "First all processes that are there");
    auto* debug_networks_command = debug_command->add_subcommand(
        "network-namespace",
        "Let it write the network namespaces of all processes to files that root can read");
    bool snapshot_interfaces = false;
    debug_networks_command->add_flag("--snapshot-interfaces", snapshot_interfaces,
                                     "With their interfaces and addresses");

    cli::add_generate(program, manual());
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? 0 : kExitUsage;
    }
    if (version_command->parsed())
        return print_version();
    if (program.got_subcommand("generate"))
        return 0;
    auto settings = load_settings("system-probe", arguments);
    if (!settings)
        return print_error(settings.error(), kExitUsage);
    if (config_command->parsed()) {
        std::cout << settings->to_yaml();
        return 0;
    }
    if (health_command->parsed())
        return health(*settings);
    if (debug_config_command->parsed())
        return debug_config(*settings);
    if (debug_discarders_command->parsed())
        return debug_discarders(*settings);
    if (debug_processes_command->parsed())
        return debug_process_cache(*settings, process_cache);
    if (self_test_command->parsed())
        return debug_self_test(*settings);
    if (reload_command->parsed())
        return debug_reload(*settings);
    if (report_command->parsed())
        return debug_rule_set_report(*settings);
    if (process_events_command->parsed())
        return debug_process_events(*settings, snapshot);
    if (debug_networks_command->parsed())
        return debug_network_namespace(*settings, snapshot_interfaces);
    if (check_command->parsed())
        return run_check(*settings, json);
    return start(*settings, pid_file);
}

}  // namespace vedette::probe
