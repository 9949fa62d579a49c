// SPDX-License-Identifier: Apache-2.0
//
// A DNS message (RFC 1035), as far as it is sound: what stands before the first thing that is not is kept. Anybody may
// have written it, so nothing in it is believed: counts are only upper bounds, compression points backwards or ends the
// parse, and every list is short.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::probe {

struct DnsMessage {
    static constexpr size_t kMaxAddresses = 64;
    static constexpr size_t kMaxAliases = 16;

    uint16_t id = 0;
    bool is_response = false;
    uint16_t code = 0;  ///< of a response, with the bits that an EDNS record adds
    uint16_t question_count = 0;
    /// Of the first question. Labels with dots between; a dot or backslash inside a label has a backslash before it.
    std::string name;
    uint16_t type = 0;
    uint16_t qclass = 0;
    /// Of the answer section: 4 or 16 bytes in network order.
    std::vector<std::string> addresses;
    std::vector<std::string> aliases;  ///< targets of CNAME records
    uint32_t ttl_s = 0;                ///< the smallest of these records; 0 without any
};

/// nullopt: too short for a header.
std::optional<DnsMessage> parse_dns_message(std::string_view bytes);

}  // namespace vedette::probe
