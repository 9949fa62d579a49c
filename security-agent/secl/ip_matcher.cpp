// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/ip_matcher.h"

#include <algorithm>

namespace vedette::secl {
namespace {

__extension__ using Bits = unsigned __int128;
constexpr unsigned kBits = 128;

Bits bits_of(const IpAddress& address) {
    Bits out = 0;
    for (const uint8_t byte : address.bytes) {
        out = out << 8 | byte;
    }
    return out;
}

Bits mask_of(unsigned prefix) {
    return prefix == 0 ? 0 : ~Bits{0} << (kBits - prefix);
}

}  // namespace

IpMatcher::IpMatcher(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
        Bits at = bits_of(entry.range.first);
        const Bits last = bits_of(entry.range.last);
        // Ranges are merged networks: cut into the largest aligned blocks, at most two of each size.
        while (true) {
            unsigned prefix = kBits;
            while (prefix > 0 && (at & ~mask_of(prefix - 1)) == 0 &&
                   (at | ~mask_of(prefix - 1)) <= last) {
                --prefix;
            }
            const Block block{static_cast<uint64_t>(at >> 64), static_cast<uint64_t>(at)};
            level(prefix).blocks[block].push_back(entry.target);
            const Bits end = at | ~mask_of(prefix);
            if (end >= last) {
                break;
            }
            at = end + 1;
        }
    }
}

IpMatcher::Block IpMatcher::masked(const IpAddress& address, unsigned prefix) {
    const Bits bits = bits_of(address) & mask_of(prefix);
    return {static_cast<uint64_t>(bits >> 64), static_cast<uint64_t>(bits)};
}

IpMatcher::Level& IpMatcher::level(unsigned prefix) {
    const auto it = std::find_if(levels_.begin(), levels_.end(),
                                 [&](const Level& l) { return l.prefix == prefix; });
    if (it != levels_.end()) {
        return *it;
    }
    levels_.push_back({prefix, {}});
    return levels_.back();
}

}  // namespace vedette::secl
