// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/rate_limiter.h"

#include <algorithm>

namespace vedette::engine {

bool TokenBucket::take(int64_t now_ns) {
    if (used_ == 0)
        since_ns_ = now_ns;
    const int64_t earned = std::min(used_, (now_ns - since_ns_) / std::max<int64_t>(period_ns_, 1));
    used_ -= earned;
    since_ns_ = used_ == 0 ? now_ns : since_ns_ + earned * period_ns_;
    if (used_ >= burst_)
        return false;
    ++used_;
    return true;
}

bool RateLimiter::allow(const std::string& rule, std::string_view token, const Limit& limit,
                        int64_t now_ns) {
    Rule& state = rules_[rule];
    if (!(state.limit == limit)) {
        state.by_token.clear();
        state.buckets.clear();
        state.limit = limit;
    }
    const auto known = state.by_token.find(token);
    if (known != state.by_token.end()) {
        state.buckets.splice(state.buckets.begin(), state.buckets, known->second);
        return state.buckets.front().second.take(now_ns);
    }
    if (state.buckets.size() >= kMaxTokens) {
        state.by_token.erase(state.buckets.back().first);
        state.buckets.pop_back();
    }
    state.buckets.emplace_front(std::string(token), TokenBucket(limit.burst, limit.period_ns));
    state.by_token.emplace(state.buckets.front().first, state.buckets.begin());
    return state.buckets.front().second.take(now_ns);
}

void RateLimiter::keep(const std::function<bool(const std::string& rule)>& wanted) {
    std::erase_if(rules_, [&wanted](const auto& entry) { return !wanted(entry.first); });
}

}  // namespace vedette::engine
