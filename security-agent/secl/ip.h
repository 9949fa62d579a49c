// SPDX-License-Identifier: Apache-2.0
//
// IP addresses and networks as 128-bit ranges; IPv4 and IPv4-mapped IPv6 are the same address.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::secl {

/// 16 bytes in network order, IPv4 as ::ffff:a.b.c.d.
struct IpAddress {
    std::array<uint8_t, 16> bytes{};
    auto operator<=>(const IpAddress&) const = default;
};

/// All addresses from `first` to `last`.
struct IpRange {
    IpAddress first;
    IpAddress last;
    auto operator<=>(const IpRange&) const = default;
};

/// From 4 or 16 bytes in network order; nothing for any other length.
std::optional<IpAddress> ip_from_bytes(std::string_view bytes);

/// The same, or 5 or 17 bytes: a network as its address and its prefix length.
std::optional<IpRange> range_from_bytes(std::string_view bytes);
/// What range_from_bytes() reads, of an address or network.
std::string bytes_of(const IpRange& network);
/// "10.0.0.1", "10.0.0.0/8"; empty for other bytes.
std::string ip_text(std::string_view bytes);

/// "10.0.0.1", "2001:db8::1".
std::optional<IpAddress> parse_ip(std::string_view text);

/// "10.0.0.0/8", "fe80::/10"; host bits are ignored. An address without "/n" is a range of one.
std::optional<IpRange> parse_network(std::string_view text);

/// Sorted, without overlap: what contains() needs.
std::vector<IpRange> normalise(std::vector<IpRange> ranges);

bool contains(std::span<const IpRange> normalised, const IpAddress& address);
/// All of `range` is inside, some of it is.
bool contains(std::span<const IpRange> normalised, const IpRange& range);
bool overlaps(std::span<const IpRange> normalised, const IpRange& range);

/// Lists of addresses and networks, as range_from_bytes() reads them: some element of `left` has an address in common with
/// one of `right`; with `all`, every one lies within one.
bool networks_meet(std::span<const std::string_view> left, std::span<const std::string_view> right,
                   bool all);

}  // namespace vedette::secl
