// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/probe_commands.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>

#include "common/config/paths.h"
#include "security-agent/cli/client_commands.h"
#include "security-agent/probe_client/command_client.h"

namespace vedette::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

int complain(const Error& error, int code) {
    std::fprintf(stderr, "security-agent: %s\n", error.message.c_str());
    return code;
}

int dump_networks(const SettingsArguments& sources, bool snapshot_interfaces) {
    const Result<Settings> settings = load_settings("security-agent", sources);
    if (!settings)
        return complain(settings.error(), kExitUsage);
    const auto files = probe_client::dump_network_namespace(command_socket_path(*settings),
                                                            snapshot_interfaces, kPatience);
    if (!files)
        return complain(files.error(), kExitFailed);
    std::printf("Network namespace dump: %s\nNetwork namespace dump graph: %s\n",
                files->dump_filename().c_str(), files->graph_filename().c_str());
    return kExitOk;
}

}  // namespace

void add_probe_commands(CLI::App& top, const SettingsArguments& settings, int& exit_code) {
    CLI::App* networks =
        top.get_subcommand("runtime")->add_subcommand("network-namespace", "Network namespaces");
    networks->require_subcommand(1);
    networks->fallthrough();
    CLI::App* dump = networks->add_subcommand(
        "dump", "Let system-probe write those of all processes to files that root can read");
    auto snapshot_interfaces = std::make_shared<bool>(false);
    dump->add_flag("--snapshot-interfaces", *snapshot_interfaces,
                   "With their interfaces and addresses");
    dump->callback([&settings, &exit_code, snapshot_interfaces] {
        exit_code = dump_networks(settings, *snapshot_interfaces);
    });
}

}  // namespace vedette::cli
