// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/ip_ranges.h"

#include <arpa/inet.h>

#include <charconv>

namespace vedette::engine {
namespace {

constexpr std::string_view kMappedPrefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

bool same_prefix(const uint8_t* network, std::string_view ip, unsigned bits) {
    for (size_t i = 0; i < ip.size() && bits > 0; ++i) {
        const unsigned here = bits < 8 ? bits : 8;
        const unsigned mask = (0xff00U >> here) & 0xffU;
        if ((network[i] ^ static_cast<uint8_t>(ip[i])) & mask) return false;
        bits -= here;
    }
    return true;
}

}  // namespace

Result<IpRanges> IpRanges::parse(std::span<const std::string> networks) {
    IpRanges ranges;
    for (const std::string& text : networks) {
        const size_t slash = text.find('/');
        const std::string address = text.substr(0, slash);
        Network network;
        if (inet_pton(AF_INET, address.c_str(), network.address.data()) == 1)
            network.size = 4;
        else if (inet_pton(AF_INET6, address.c_str(), network.address.data()) == 1)
            network.size = 16;
        else
            return fail(ErrorCode::kInvalid, "'{}' is not an IP network (such as 10.0.0.0/8)", text);
        unsigned bits = network.size * 8U;
        if (slash != std::string::npos) {
            const char* begin = text.data() + slash + 1;
            const char* end = text.data() + text.size();
            const auto [rest, error] = std::from_chars(begin, end, bits);
            if (error != std::errc() || rest != end || begin == end || bits > network.size * 8U)
                return fail(ErrorCode::kInvalid, "'{}': the prefix length is not in 0..{}", text,
                            network.size * 8);
        }
        network.bits = static_cast<uint8_t>(bits);
        ranges.networks_.push_back(network);
    }
    return ranges;
}

bool IpRanges::contains(std::string_view ip) const {
    if (ip.size() == 16 && ip.starts_with(kMappedPrefix)) ip.remove_prefix(kMappedPrefix.size());
    for (const Network& network : networks_)
        if (network.size == ip.size() && same_prefix(network.address.data(), ip, network.bits))
            return true;
    return false;
}

}  // namespace vedette::engine
