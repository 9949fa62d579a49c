// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/container_id.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace vedette::probe {
namespace {

/// Runtimes that put their name before the id; what stands between is theirs.
constexpr std::array<std::string_view, 7> kRuntimePrefixes = {
    "docker-", "cri-containerd-", "crio-", "libpod-", "containerd-", "podman-", "lxc-",
};

constexpr bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

size_t hex_run(std::string_view text, size_t at) {
    size_t length = 0;
    while (at + length < text.size() && is_hex(text[at + length]))
        ++length;
    return length;
}

/// Length of the number after the '-' at `at`, 0 when there is none.
size_t task_number(std::string_view text, size_t at) {
    if (at >= text.size() || text[at] != '-')
        return 0;
    size_t length = 1;
    while (at + length < text.size() && is_digit(text[at + length]))
        ++length;
    const size_t end = at + length;
    const bool more_hex = end < text.size() && is_hex(text[end]);
    return length > 1 && !more_hex ? length : 0;
}

/// Length of "-xxxx-xxxx-xxxx-xxxx..." at `at`, 0 when there are fewer than four groups.
size_t garden_groups(std::string_view text, size_t at) {
    size_t length = 0;
    unsigned groups = 0;
    while (at + length < text.size() && text[at + length] == '-' &&
           hex_run(text, at + length + 1) == 4) {
        length += 5;
        ++groups;
    }
    return groups >= 4 ? length : 0;
}

/// The first id in one path element.
std::string_view id_in(std::string_view element) {
    for (size_t at = 0; at < element.size();) {
        const size_t run = hex_run(element, at);
        if (run == 0) {
            ++at;
            continue;
        }
        if (run == 64)
            return element.substr(at, run);
        if (run == 32) {
            if (const size_t number = task_number(element, at + run)) {
                return element.substr(at, run + number);
            }
        }
        if (run == 8) {
            if (const size_t groups = garden_groups(element, at + run)) {
                return element.substr(at, run + groups);
            }
        }
        at += run;
    }
    return {};
}

/// A unit of systemd itself; the scopes of container runtimes carry a known prefix and an id.
bool is_systemd_unit(std::string_view element) {
    if (!element.ends_with(".service") && !element.ends_with(".scope"))
        return false;
    if (element.find("-conmon-") != element.npos)
        return true;  // the runtime's monitor, outside
    return std::ranges::none_of(
        kRuntimePrefixes, [&](std::string_view prefix) { return element.starts_with(prefix); });
}

}  // namespace

std::string_view container_id(std::string_view path) {
    while (!path.empty()) {
        const size_t slash = path.rfind('/');
        const auto element = slash == path.npos ? path : path.substr(slash + 1);
        path = slash == path.npos ? std::string_view() : path.substr(0, slash);
        if (is_systemd_unit(element))
            continue;
        if (const auto id = id_in(element); !id.empty())
            return id;
    }
    return {};
}

}  // namespace vedette::probe
