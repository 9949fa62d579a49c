// SPDX-License-Identifier: Apache-2.0
#include "system-probe/cli/debug.h"

#include <google/protobuf/util/json_util.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>

#include "common/config/paths.h"
#include "common/json_text.h"
#include "common/log.h"
#include "system-probe/commands/command_client.h"

namespace vedette::probe {
namespace {

int print_error(const Error& error) {
    std::cerr << "system-probe: " << error.message << '\n';
    return 1;
}

const char* type_name(v1::ProcessEvent::Type type) {
    switch (type) {
        case v1::ProcessEvent::TYPE_SNAPSHOT:
            return "snapshot";
        case v1::ProcessEvent::TYPE_FORK:
            return "fork";
        case v1::ProcessEvent::TYPE_EXEC:
            return "exec";
        case v1::ProcessEvent::TYPE_EXIT:
            return "exit";
        default:
            return "unknown";
    }
}

boost::json::object to_json(const v1::ProcessEvent& event) {
    const v1::ProcessNode& process = event.process();
    boost::json::array argv;
    for (const auto& argument : process.argv())
        argv.emplace_back(json_text(argument));
    boost::json::object out{{"type", type_name(event.type())},
                            {"timestamp", event.timestamp()},
                            {"pid", process.pid()},
                            {"ppid", process.ppid()},
                            {"comm", json_text(process.comm())},
                            {"path", json_text(process.file().path())},
                            {"argv", std::move(argv)},
                            {"user", json_text(process.credentials().user())},
                            {"cgroup", json_text(process.cgroup().id())},
                            {"container", json_text(process.container().id())}};
    if (event.has_exit())
        out["exit"] = {{"cause", v1::Exit::Cause_Name(event.exit().cause())},
                       {"code", event.exit().code()}};
    return out;
}

}  // namespace

int health(const Settings& settings) {
    const auto status = ask_status(command_socket_path(settings));
    if (!status)
        return print_error(status.error());
    std::cout << fmt::format("system-probe {} (pid {}) reads the kernel\n", status->version(),
                             status->pid());
    return 0;
}

int debug_config(const Settings& settings) {
    const auto config = ask_config(command_socket_path(settings));
    if (!config)
        return print_error(config.error());
    std::cout << config->yaml();
    return 0;
}

int debug_discarders(const Settings& settings) {
    const auto path = ask_discarder_dump(command_socket_path(settings));
    if (!path)
        return print_error(path.error());
    std::cout << "Discarder dump file: " << *path << '\n';
    return 0;
}

int debug_process_cache(const Settings& settings, const ProcessCacheArguments& arguments) {
    v1::DumpProcessCacheRequest request;
    request.set_with_args(arguments.with_args);
    request.set_format(arguments.format == "json" ? v1::DumpProcessCacheRequest::FORMAT_JSON
                                                  : v1::DumpProcessCacheRequest::FORMAT_DOT);
    const auto path = ask_process_dump(command_socket_path(settings), request);
    if (!path)
        return print_error(path.error());
    std::cout << "Process dump file: " << *path << '\n';
    return 0;
}

int debug_self_test(const Settings& settings) {
    const auto result = ask_self_test(command_socket_path(settings));
    if (!result)
        return print_error(result.error());
    if (!result->ok()) {
        std::cerr << "Runtime self test: failed: " << printable(result->error()) << '\n';
        return 1;
    }
    std::cout << "Runtime self test: OK\n";
    return 0;
}

int debug_reload(const Settings& settings) {
    const auto result = ask_reload(command_socket_path(settings));
    if (!result)
        return print_error(result.error());
    if (!result->ok()) {
        std::cerr << "refused, the rules of before stay in force: " << printable(result->error())
                  << '\n';
        return 1;
    }
    std::cout << fmt::format("{} rules are in force, {} are filtered, {} failed\n",
                             result->loaded(), result->filtered(), result->failed());
    return 0;
}

int debug_rule_set_report(const Settings& settings) {
    const auto report = ask_rule_set_report(command_socket_path(settings));
    if (!report)
        return print_error(report.error());
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = true;
    options.preserve_proto_field_names = true;
    std::string text;
    if (!google::protobuf::util::MessageToJsonString(*report, &text, options).ok())
        return print_error({ErrorCode::kInvalid, 0, "the report cannot be shown"});
    std::cout << text;
    return 0;
}

int debug_process_events(const Settings& settings, bool snapshot) {
    const auto ended = listen_to_processes(
        command_socket_path(settings), snapshot, [](const v1::ProcessEvents& events) {
            if (events.lost() > 0)
                std::cout << fmt::format("{{\"lost\": {}}}\n", events.lost());
            for (const auto& event : events.events())
                std::cout << to_json(event) << '\n';
            return bool(std::cout.flush());
        });
    return ended ? 0 : print_error(ended.error());
}

int debug_network_namespace(const Settings& settings, bool snapshot_interfaces) {
    v1::DumpNetworkNamespaceRequest request;
    request.set_snapshot_interfaces(snapshot_interfaces);
    const auto files = ask_network_dump(command_socket_path(settings), request);
    if (!files)
        return print_error(files.error());
    std::cout << "Network namespace dump: " << files->dump_filename() << '\n'
              << "Network namespace dump graph: " << files->graph_filename() << '\n';
    return 0;
}

}  // namespace vedette::probe
