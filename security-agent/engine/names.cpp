// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/names.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/mman.h>
#include <netinet/in.h>

#include <array>
#include <span>

#include "security-agent/secl/constants.h"

namespace vedette::engine {
namespace {

constexpr uint64_t kAccessMode = 3;  // O_ACCMODE: a number, not bits
constexpr uint64_t kMapHuge = static_cast<uint64_t>(MAP_HUGE_MASK) << MAP_HUGE_SHIFT;

/// Appends the names of the bits, in the family's order, and takes them from `mask`.
void take_names(std::string_view family, uint64_t& mask, std::vector<std::string>& names) {
    for (const secl::Constant& constant : secl::find_constant_family(family)->constants) {
        const auto bits = static_cast<uint64_t>(constant.value);
        if (bits == 0 || (mask & bits) != bits)
            continue;
        names.emplace_back(constant.name);
        mask &= ~bits;
    }
}

/// Appends the names of the bits, then what has none.
void add_names(std::string_view family, uint64_t mask, std::vector<std::string>& names) {
    take_names(family, mask, names);
    if (mask)
        names.push_back(fmt::format("{:#x}", mask));
}

std::string name_with_prefix(std::string_view family, std::span<const std::string_view> prefixes,
                             int64_t value) {
    for (const secl::Constant& constant : secl::find_constant_family(family)->constants)
        for (const std::string_view prefix : prefixes)
            if (constant.value == value && constant.name.starts_with(prefix))
                return std::string(constant.name);
    return std::to_string(value);
}

}  // namespace

std::string name_of(std::string_view family, int64_t value) {
    const std::string_view name = secl::constant_name(family, value);
    return name.empty() ? std::to_string(value) : std::string(name);
}

std::vector<std::string> flag_names(std::string_view family, uint64_t mask) {
    std::vector<std::string> names;
    add_names(family, mask, names);
    return names;
}

std::string flag_text(std::string_view family, uint64_t mask) {
    return mask == 0 ? name_of(family, 0)
                     : fmt::format("{}", fmt::join(flag_names(family, mask), " | "));
}

std::vector<std::string> open_flag_names(uint32_t flags) {
    std::vector<std::string> names = {name_of("open_flags", flags & kAccessMode)};
    add_names("open_flags", flags & ~kAccessMode, names);
    // "O_RDONLY" says nothing beside another name.
    if (names.size() > 1 && names.front() == "O_RDONLY" && names[1].starts_with("O_"))
        names.erase(names.begin());
    return names;
}

std::string map_flag_text(uint32_t flags) {
    std::vector<std::string> names;
    if (flags & MAP_TYPE)
        names.push_back(name_of("map_flags", flags & MAP_TYPE));
    add_names("map_flags", flags & ~(MAP_TYPE | kMapHuge), names);
    if (flags & kMapHuge)
        names.push_back(name_of("map_flags", static_cast<int64_t>(flags & kMapHuge)));
    return names.empty() ? "0" : fmt::format("{}", fmt::join(names, " | "));
}

std::vector<std::string> capability_names(uint64_t mask) {
    std::vector<std::string> names;
    take_names("capabilities", mask, names);
    for (unsigned bit = 0; bit < 64; ++bit)
        if (mask >> bit & 1)
            names.push_back(fmt::format("CAP_{}", bit));
    return names;
}

std::string socket_option_name(uint32_t level, uint32_t option) {
    static constexpr std::array<std::string_view, 2> kSocket = {"SO_", "SCM_"};
    static constexpr std::array<std::string_view, 2> kIp = {"IP_", "MCAST_"};
    static constexpr std::array<std::string_view, 2> kIpv6 = {"IPV6_", "MCAST_"};
    static constexpr std::array<std::string_view, 1> kTcp = {"TCP_"};
    switch (level) {
        case SOL_SOCKET:
            return name_with_prefix("socket_option", kSocket, option);
        case IPPROTO_IP:
            return name_with_prefix("socket_option", kIp, option);
        case IPPROTO_IPV6:
            return name_with_prefix("socket_option", kIpv6, option);
        case IPPROTO_TCP:
            return name_with_prefix("socket_option", kTcp, option);
        default:
            return std::to_string(option);
    }
}

std::string icmp_type_name(uint32_t l4_protocol, uint32_t type) {
    static constexpr std::array<std::string_view, 1> kIcmp = {"ICMP_"};
    static constexpr std::array<std::string_view, 1> kIcmpv6 = {"ICMPV6_"};
    if (l4_protocol == IPPROTO_ICMP)
        return name_with_prefix("icmp_type", kIcmp, type);
    if (l4_protocol == IPPROTO_ICMPV6)
        return name_with_prefix("icmp_type", kIcmpv6, type);
    return {};
}

std::string socket_protocol_name(uint32_t family, uint32_t protocol) {
    return family == AF_INET || family == AF_INET6 ? name_of("l4_protocol", protocol)
                                                   : std::to_string(protocol);
}

std::string ip_text(std::string_view ip) {
    char text[INET6_ADDRSTRLEN] = "";
    if (ip.size() == 4)
        inet_ntop(AF_INET, ip.data(), text, sizeof(text));
    if (ip.size() == 16)
        inet_ntop(AF_INET6, ip.data(), text, sizeof(text));
    return text;
}

}  // namespace vedette::engine
