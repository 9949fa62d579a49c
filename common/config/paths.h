// SPDX-License-Identifier: Apache-2.0
//
// Settings whose default is derived from another one: an empty path means "in the state or run directory".
#pragma once

#include <string>

#include "common/config/settings.h"

namespace vedette {

std::string events_socket_path(const Settings& settings);   ///< runtime_security_config.socket
std::string command_socket_path(const Settings& settings);  ///< runtime_security_config.cmd_socket
std::string auth_token_path(const Settings& settings);
std::string ipc_cert_path(const Settings& settings);

}  // namespace vedette
