// SPDX-License-Identifier: Apache-2.0
//
// What of the engine's events others want to see: each of them for the hub's listeners, and, while a `top` asks, how
// many come from which container and program.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "security-agent/engine/event_tap.h"
#include "security-agent/live/hub.h"
#include "security-agent/live/top_k.h"

namespace vedette::live {

/// Events since somebody began to ask for them.
struct Counts {
    uint64_t events = 0;
    std::vector<TopK::Row> containers;  ///< by id, "" outside of any
    std::vector<TopK::Row> programs;    ///< by path
};

class Tap final : public engine::EventTap {
   public:
    /// How long is counted after somebody asked.
    static constexpr int64_t kLeaseNs = 10'000'000'000;
    static constexpr size_t kKeys = 256;
    /// To show events takes the engine one part of its time in so many, at most.
    static constexpr int64_t kShareOfTime = 10;
    /// So much of that can be taken in advance, after a quiet time.
    static constexpr int64_t kAdvanceNs = 200'000'000;

    /// `steady_ns`: a clock, any thread. `looks`: counting begins, which may wait, or with false is over.
    Tap(Hub& hub, std::function<int64_t()> steady_ns, std::function<void(bool begins)> looks = {})
        : hub_(hub), steady_ns_(std::move(steady_ns)), looks_(std::move(looks)) {}

    bool open() const override { return counting_ || hub_.wants_events(); }
    void event(const engine::EventSubject& subject,
               const std::function<std::string()>& json) override;

    /// Any thread. Counting begins with the first call, and ends when there was none for a while.
    Counts counts();

   private:
    void count(const engine::EventSubject& subject);

    Hub& hub_;
    std::function<int64_t()> steady_ns_;
    std::function<void(bool begins)> looks_;
    int64_t next_event_ = 0;  ///< when the engine has time for another; the engine's
    std::atomic<bool> counting_ = false;
    std::mutex mutex_;  ///< all below
    int64_t lease_end_ = 0;
    uint64_t events_ = 0;
    TopK containers_{kKeys};
    TopK programs_{kKeys};
};

}  // namespace vedette::live
