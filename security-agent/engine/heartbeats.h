// SPDX-License-Identifier: Apache-2.0
//
// When the agent says that its policies are in force: five times a minute apart, then every ten minutes, and from the
// start again when policies were loaded.
#pragma once

#include <cstdint>

namespace vedette::engine {

class Heartbeats {
   public:
    static constexpr int64_t kFirstPeriod = 60'000'000'000;
    static constexpr int64_t kPeriod = 10 * kFirstPeriod;
    static constexpr int kFirst = 5;

    void restart(int64_t now_ns) { *this = Heartbeats(now_ns); }
    /// True when it is time for one.
    bool due(int64_t now_ns) {
        if (now_ns < next_ns_)
            return false;
        next_ns_ = now_ns + (++sent_ < kFirst ? kFirstPeriod : kPeriod);
        return true;
    }

    explicit Heartbeats(int64_t now_ns = 0) : next_ns_(now_ns + kFirstPeriod) {}

   private:
    int64_t next_ns_;
    int sent_ = 0;
};

}  // namespace vedette::engine
