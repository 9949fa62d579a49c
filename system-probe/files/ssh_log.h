// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vedette::probe {

/// How a client of sshd proved who it is.
struct SshLogin {
    uint32_t method = 0;  ///< of the family ssh_auth_method
    std::string key;      ///< "SHA256:..." of a public key
};

/// From the last line of a system log in which sshd accepts that client ("Accepted publickey for alice from 192.0.2.1 port
/// 52814 ssh2: ED25519 SHA256:..."). Whoever may write to the log can say anything.
std::optional<SshLogin> find_ssh_login(std::string_view log, std::string_view address,
                                       uint32_t port);

}  // namespace vedette::probe
