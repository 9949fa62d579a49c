// SPDX-License-Identifier: Apache-2.0
//
// What a client command needs to talk to the agent, and how it says that it cannot.
#pragma once

#include <cstdint>
#include <string>

#include "common/config/sources.h"
#include "security-agent/api/client.h"

namespace vedette::cli {

/// A failure with the exit code it ends the command with.
struct Failure {
    std::string message;
    int exit_code = 1;
};

template <typename T>
using Outcome = tl::expected<T, Failure>;

/// Settings, session token and pinned certificate.
Outcome<api::ClientOptions> client_options(const Settings& settings);

Outcome<Settings> settings_for_client(const SettingsArguments& arguments);

/// What the server says is wrong, fit for a terminal.
std::string error_of(const api::ClientResponse& response);

/// The body of a 200; another status is a Failure with the server's words.
Outcome<std::string> call(const SettingsArguments& arguments, const std::string& method,
                          const std::string& target, const std::string& body = {});

}  // namespace vedette::cli
