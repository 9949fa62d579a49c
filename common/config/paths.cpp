// SPDX-License-Identifier: Apache-2.0
#include "common/config/paths.h"

namespace vedette {
namespace {

std::string path(const Settings& settings, std::string_view key, std::string_view directory,
                 std::string_view name) {
    auto configured = settings.string(key);
    if (!configured.empty())
        return configured;
    return fmt::format("{}/{}", settings.string(directory), name);
}

}  // namespace

std::string events_socket_path(const Settings& settings) {
    return path(settings, "runtime_security_config.socket", "run_dir", "events.sock");
}

std::string command_socket_path(const Settings& settings) {
    return path(settings, "runtime_security_config.cmd_socket", "run_dir", "cmd.sock");
}

std::string auth_token_path(const Settings& settings) {
    return path(settings, "auth_token_file_path", "state_dir", "auth_token");
}

std::string ipc_cert_path(const Settings& settings) {
    return path(settings, "ipc_cert_file_path", "state_dir", "ipc_cert.pem");
}

}  // namespace vedette
