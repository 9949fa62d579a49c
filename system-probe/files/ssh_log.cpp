// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/ssh_log.h"

#include <fmt/format.h>

namespace vedette::probe {
namespace {

constexpr std::string_view kAccepted = "Accepted ";

uint32_t method_of(std::string_view name) {
    if (name == "publickey")
        return 2;
    return name == "password" || name == "keyboard-interactive/pam" ? 1 : 0;
}

/// The tag before the message: "sshd[12]: " or "sshd-session[12]: ".
bool is_of_sshd(std::string_view before) {
    const size_t tag = before.rfind("sshd");
    return tag != before.npos && before.ends_with("]: ") && (tag == 0 || before[tag - 1] == ' ');
}

}  // namespace

std::optional<SshLogin> find_ssh_login(std::string_view log, std::string_view address,
                                       uint32_t port) {
    const std::string from = fmt::format(" from {} port {} ", address, port);
    size_t at = log.size();
    while ((at = log.rfind(from, at)) != log.npos) {
        const size_t begin = log.rfind('\n', at) + 1;
        const std::string_view line = log.substr(begin, log.find('\n', at) - begin);
        const size_t accepted = line.find(kAccepted);
        if (accepted != line.npos && is_of_sshd(line.substr(0, accepted))) {
            const auto rest = line.substr(accepted + kAccepted.size());
            SshLogin out;
            out.method = method_of(rest.substr(0, rest.find(' ')));
            if (const size_t key = line.find(" SHA256:", at - begin); key != line.npos)
                out.key = std::string(line.substr(key + 1, line.find(' ', key + 1) - key - 1));
            return out;
        }
        if (at == 0)
            break;
        --at;
    }
    return std::nullopt;
}

}  // namespace vedette::probe
