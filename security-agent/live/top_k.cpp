// SPDX-License-Identifier: Apache-2.0
#include "security-agent/live/top_k.h"

#include <algorithm>

namespace vedette::live {

void TopK::count(std::string_view key) {
    if (const auto found = counts_.find(key); found != counts_.end()) {
        ++found->second;
        return;
    }
    uint64_t base = 0;
    if (counts_.size() >= capacity_) {
        const auto least = std::ranges::min_element(
            counts_, [](const auto& a, const auto& b) { return a.second < b.second; });
        base = least->second;
        counts_.erase(least);
    }
    counts_.emplace(key, base + 1);
}

std::vector<TopK::Row> TopK::rows() const {
    std::vector<Row> out(counts_.begin(), counts_.end());
    std::ranges::sort(out, [](const Row& a, const Row& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    return out;
}

}  // namespace vedette::live
