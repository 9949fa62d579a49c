// SPDX-License-Identifier: Apache-2.0
//
// A set of IP networks, to tell private addresses from public ones. A plain list: it has a few dozen entries.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace vedette::engine {

class IpRanges {
   public:
    /// "10.0.0.0/8", "fc00::/7", or an address alone. Errors name the entry.
    static Result<IpRanges> parse(std::span<const std::string> networks);

    /// `ip`: 4 or 16 bytes in network order; an IPv4-mapped IPv6 address counts as IPv4. Other lengths: false.
    bool contains(std::string_view ip) const;

   private:
    struct Network {
        std::array<uint8_t, 16> address{};
        uint8_t size = 0;  ///< 4 or 16
        uint8_t bits = 0;
    };
    std::vector<Network> networks_;
};

}  // namespace vedette::engine
