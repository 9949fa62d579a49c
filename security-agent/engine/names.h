// SPDX-License-Identifier: Apache-2.0
//
// Numbers as the names of the Linux headers, and addresses, as alerts show them. A family is one of secl/constants.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::engine {

/// "AF_INET"; decimal digits when the value has no name.
std::string name_of(std::string_view family, int64_t value);
/// The names of the bits; unknown bits as one hexadecimal entry at the end.
std::vector<std::string> flag_names(std::string_view family, uint64_t mask);
/// "PROT_READ | PROT_WRITE"; of no bit the name that this has ("PROT_NONE"), else "0".
std::string flag_text(std::string_view family, uint64_t mask);

/// {"O_WRONLY", "O_CREAT"}
std::vector<std::string> open_flag_names(uint32_t flags);
/// "MAP_PRIVATE | MAP_HUGETLB | MAP_HUGE_2MB": kind and size are numbers among the bits.
std::string map_flag_text(uint32_t flags);
/// {"CAP_SYS_ADMIN"}; bits beyond the last known capability as "CAP_63".
std::vector<std::string> capability_names(uint64_t mask);
/// One number is another option at each level: "SO_DEBUG", "IP_TOS", "TCP_NODELAY".
std::string socket_option_name(uint32_t level, uint32_t option);
/// ICMP and ICMPv6 number their messages differently; "" for another protocol.
std::string icmp_type_name(uint32_t l4_protocol, uint32_t type);
/// IP protocols belong to AF_INET and AF_INET6 sockets; other families have numbers of their own.
std::string socket_protocol_name(uint32_t family, uint32_t protocol);

/// Of 4 or 16 bytes; "" for any other number.
std::string ip_text(std::string_view ip);

}  // namespace vedette::engine
