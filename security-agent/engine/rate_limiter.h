// SPDX-License-Identifier: Apache-2.0
//
// How often one rule may alert: a token bucket for each rule, or for each distinct value of the rule's
// limiter_token. It outlives rule sets, so that a reload is no way around it. Under the engine's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace vedette::engine {

/// Monotonic nanoseconds everywhere.
class TokenBucket {
   public:
    TokenBucket(int64_t burst, int64_t period_ns) : burst_(burst), period_ns_(period_ns) {}
    /// One token comes back each period, up to burst; starts full.
    bool take(int64_t now_ns);

   private:
    int64_t burst_;
    int64_t period_ns_;
    int64_t used_ = 0;
    int64_t since_ns_ = 0;  ///< when the token now being earned began to be
};

class RateLimiter {
   public:
    /// Distinct limiter_token values kept for one rule; the least recently used one goes.
    static constexpr size_t kMaxTokens = 500;

    struct Limit {
        int64_t burst = 40;
        int64_t period_ns = 100'000'000;  ///< one more alert each
        bool operator==(const Limit&) const = default;
    };

    /// `token` is empty for a rule without limiter_token.
    bool allow(const std::string& rule, std::string_view token, const Limit& limit, int64_t now_ns);

    /// Forgets the rules for which `wanted` is false.
    void keep(const std::function<bool(const std::string& rule)>& wanted);

   private:
    struct Rule {
        Limit limit;
        std::list<std::pair<std::string, TokenBucket>> buckets;  ///< most recently used first
        std::unordered_map<std::string_view, decltype(buckets)::iterator> by_token;
    };
    std::map<std::string, Rule> rules_;
};

}  // namespace vedette::engine
