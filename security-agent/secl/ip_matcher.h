// SPDX-License-Identifier: Apache-2.0
//
// All networks that rules compare with one field, matched together: one hash look-up for each prefix length that
// occurs, however many networks there are.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "security-agent/secl/ip.h"

namespace vedette::secl {

class IpMatcher {
   public:
    struct Entry {
        IpRange range;
        uint32_t target = 0;  ///< what the caller calls the predicate that the range fulfils
    };

    explicit IpMatcher(const std::vector<Entry>& entries);

    /// Calls hit(target) for each range that the address is in. `bytes` as in ip_from_bytes().
    template <typename Hit>
    void match(std::string_view bytes, Hit&& hit) const {
        const auto address = ip_from_bytes(bytes);
        if (!address) {
            return;
        }
        for (const Level& level : levels_) {
            const auto it = level.blocks.find(masked(*address, level.prefix));
            if (it != level.blocks.end()) {
                for (const uint32_t target : it->second) {
                    hit(target);
                }
            }
        }
    }

   private:
    using Block = std::pair<uint64_t, uint64_t>;  // the first bits of an address, the others zero
    struct Level {
        unsigned prefix = 0;
        boost::unordered_flat_map<Block, std::vector<uint32_t>> blocks;
    };

    static Block masked(const IpAddress& address, unsigned prefix);
    Level& level(unsigned prefix);

    std::vector<Level> levels_;
};

}  // namespace vedette::secl
