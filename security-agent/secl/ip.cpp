// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace vedette::secl {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The address after `address`, or nothing after the last one.
std::optional<IpAddress> successor(IpAddress address) {
    for (size_t i = address.bytes.size(); i-- > 0;) {
        if (++address.bytes[i] != 0) {
            return address;
        }
    }
    return std::nullopt;
}

// All addresses whose first `prefix` bits are those of `address`.
IpRange network_of(const IpAddress& address, unsigned prefix) {
    IpRange range{address, address};
    for (unsigned bit = prefix; bit < 128; ++bit) {
        const auto mask = static_cast<uint8_t>(0x80U >> (bit % 8));
        range.first.bytes[bit / 8] = static_cast<uint8_t>(range.first.bytes[bit / 8] & ~mask);
        range.last.bytes[bit / 8] = static_cast<uint8_t>(range.last.bytes[bit / 8] | mask);
    }
    return range;
}

unsigned prefix_of(const IpRange& network) {
    unsigned bit = 0;
    while (bit < 128) {
        const auto mask = static_cast<uint8_t>(0x80U >> (bit % 8));
        if (((network.first.bytes[bit / 8] ^ network.last.bytes[bit / 8]) & mask) != 0) {
            break;
        }
        ++bit;
    }
    return bit;
}

bool is_v4(const IpAddress& address) {
    return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
}

}  // namespace

std::optional<IpRange> range_from_bytes(std::string_view bytes) {
    const bool network = bytes.size() == 5 || bytes.size() == 17;
    const auto address = ip_from_bytes(network ? bytes.substr(0, bytes.size() - 1) : bytes);
    if (!address) {
        return std::nullopt;
    }
    if (!network) {
        return IpRange{*address, *address};
    }
    const unsigned prefix = static_cast<uint8_t>(bytes.back()) + (bytes.size() == 5 ? 96U : 0U);
    return prefix <= 128 ? std::optional(network_of(*address, prefix)) : std::nullopt;
}

std::string bytes_of(const IpRange& network) {
    const unsigned prefix = prefix_of(network);
    const bool v4 = is_v4(network.first) && prefix >= 96;
    const size_t skip = v4 ? kMappedPrefix.size() : 0;
    std::string out(network.first.bytes.begin() + static_cast<ptrdiff_t>(skip),
                    network.first.bytes.end());
    if (prefix < 128) {
        out += static_cast<char>(v4 ? prefix - 96 : prefix);
    }
    return out;
}

std::string ip_text(std::string_view bytes) {
    const bool network = bytes.size() == 5 || bytes.size() == 17;
    const size_t size = bytes.size() - (network ? 1 : 0);
    if (!range_from_bytes(bytes)) {
        return {};
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
    std::string out(text.data());
    return network ? out + "/" + std::to_string(static_cast<uint8_t>(bytes.back())) : out;
}

std::optional<IpAddress> ip_from_bytes(std::string_view bytes) {
    IpAddress address;
    if (bytes.size() == 4) {
        std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
        std::memcpy(address.bytes.data() + 12, bytes.data(), 4);
    } else if (bytes.size() == 16) {
        std::memcpy(address.bytes.data(), bytes.data(), 16);
    } else {
        return std::nullopt;
    }
    return address;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
    const std::string terminated(text);
    std::array<char, 16> bytes{};
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) {
        return ip_from_bytes({bytes.data(), 4});
    }
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) {
        return ip_from_bytes({bytes.data(), 16});
    }
    return std::nullopt;
}

std::optional<IpRange> parse_network(std::string_view text) {
    const size_t slash = text.find('/');
    const auto address = parse_ip(text.substr(0, slash));
    if (!address) {
        return std::nullopt;
    }
    if (slash == std::string_view::npos) {
        return IpRange{*address, *address};
    }
    const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
    const std::string_view digits = text.substr(slash + 1);
    unsigned prefix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc{} || end != digits.data() + digits.size() ||
        prefix > (v4 ? 32U : 128U)) {
        return std::nullopt;
    }
    return network_of(*address, prefix + (v4 ? 96 : 0));
}

std::vector<IpRange> normalise(std::vector<IpRange> ranges) {
    std::sort(ranges.begin(), ranges.end());
    std::vector<IpRange> merged;
    for (const IpRange& range : ranges) {
        if (!merged.empty()) {
            const auto next = successor(merged.back().last);
            if (!next || range.first <= *next) {
                merged.back().last = std::max(merged.back().last, range.last);
                continue;
            }
        }
        merged.push_back(range);
    }
    return merged;
}

bool contains(std::span<const IpRange> normalised, const IpAddress& address) {
    const auto after = std::upper_bound(
        normalised.begin(), normalised.end(), address,
        [](const IpAddress& value, const IpRange& range) { return value < range.first; });
    return after != normalised.begin() && address <= std::prev(after)->last;
}

bool contains(std::span<const IpRange> normalised, const IpRange& range) {
    const auto after =
        std::upper_bound(normalised.begin(), normalised.end(), range.first,
                         [](const IpAddress& value, const IpRange& r) { return value < r.first; });
    return after != normalised.begin() && range.last <= std::prev(after)->last;
}

bool overlaps(std::span<const IpRange> normalised, const IpRange& range) {
    const auto after =
        std::upper_bound(normalised.begin(), normalised.end(), range.last,
                         [](const IpAddress& value, const IpRange& r) { return value < r.first; });
    return after != normalised.begin() && range.first <= std::prev(after)->last;
}

bool networks_meet(std::span<const std::string_view> left, std::span<const std::string_view> right,
                   bool all) {
    const auto found = [&](std::string_view a) {
        const auto range = range_from_bytes(a);
        return range && std::any_of(right.begin(), right.end(), [&](std::string_view b) {
                   const auto other = range_from_bytes(b);
                   return other &&
                          (all ? contains({&*other, 1}, *range) : overlaps({&*other, 1}, *range));
               });
    };
    return all ? std::all_of(left.begin(), left.end(), found)
               : std::any_of(left.begin(), left.end(), found);
}

}  // namespace vedette::secl
