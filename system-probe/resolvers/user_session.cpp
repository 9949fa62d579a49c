// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/user_session.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <charconv>
#include <string>

#include "system-probe/resolvers/program.h"

namespace vedette::probe {
namespace {

constexpr uint32_t kSsh = 2;  // of the family session_type

/// Newer versions have several programs: sshd, sshd-session, sshd-auth.
constexpr std::string_view kDaemon = "sshd";

/// "ADDRESS PORT LOCAL_PORT", as sshd(8) sets it.
constexpr std::string_view kClient = "SSH_CLIENT=";

uint64_t random_number() {
    uint64_t out = 0;
    while (out == 0) {
        if (getrandom(&out, sizeof out, 0) != sizeof out)
            return 1;  // not before the kernel has entropy, long before us
        out >>= 1;     // a number of the language has a sign
    }
    return out;
}

std::string address_bytes(const std::string& text) {
    std::array<char, sizeof(in6_addr)> bytes{};
    if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1)
        return {bytes.data(), sizeof(in_addr)};
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1)
        return {bytes.data(), sizeof(in6_addr)};
    return {};
}

void set_client(v1::UserSession& session, std::string_view client) {
    const size_t space = client.find(' ');
    if (space == client.npos)
        return;
    std::string address = address_bytes(std::string(client.substr(0, space)));
    uint32_t port = 0;
    const auto rest = client.substr(space + 1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
    if (address.empty() || error != std::errc() || port > 65535)
        return;
    session.set_ssh_client_ip(std::move(address));
    session.set_ssh_client_port(port);
}

}  // namespace

std::string address_text(const std::string& bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool known = bytes.size() == sizeof(in_addr) || bytes.size() == sizeof(in6_addr);
    const int family = bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6;
    if (!known || !inet_ntop(family, bytes.data(), text.data(), text.size()))
        return {};
    return text.data();
}

UserSessionPtr begin_session(std::string_view before, std::string_view now, std::string_view envp,
                             std::string_view user) {
    if (!before.starts_with(kDaemon) || now.starts_with(kDaemon))
        return nullptr;
    auto session = std::make_shared<v1::UserSession>();
    const uint64_t id = random_number();
    session->set_session_type(kSsh);
    session->set_ssh_session_id(id);
    session->set_id(fmt::format("{:016x}", id));
    session->set_identity(std::string(user));
    for_each_string(envp, [&](std::string_view variable) {
        if (variable.starts_with(kClient))
            set_client(*session, variable.substr(kClient.size()));
    });
    return session;
}

}  // namespace vedette::probe
