// SPDX-License-Identifier: Apache-2.0
#include "system-probe/cli/debug.h"

#include <iostream>

#include "common/config/paths.h"
#include "system-probe/commands/command_client.h"

namespace vedette::probe {
namespace {

int print_error(const Error& error) {
    std::cerr << "system-probe: " << error.message << '\n';
    return 1;
}

}  // namespace

int debug_config(const Settings& settings) {
    const auto config = ask_config(command_socket_path(settings));
    if (!config)
        return print_error(config.error());
    std::cout << config->yaml();
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

}  // namespace vedette::probe
