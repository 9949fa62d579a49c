// SPDX-License-Identifier: Apache-2.0
//
// Events that were lost on their way to the engine: counted at once, reported once a second. Under the engine's lock, but
// for totals().
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "common/metrics.h"
#include "security-agent/engine/internal_events.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

class LossReport {
   public:
    static constexpr int64_t kPeriod = 1'000'000'000;

    explicit LossReport(Metrics& metrics) : metrics_(metrics) {}

    /// What the batch says was lost, and sequence numbers that are missing without a word. `last_sequence`: of the last
    /// event before it; `events`: how many it has.
    void count(const v1::Batch& batch, int events, uint64_t last_sequence);
    /// An event with this payload could not be read.
    void count_malformed(uint32_t payload);

    /// What has not been reported yet; nothing when there is none or, without `at_once`, the period is not over.
    std::optional<Losses> take(int64_t now_ns, bool at_once);

    /// By event type, since the start. Any thread.
    std::map<std::string, uint64_t> totals() const;

   private:
    void lose(const LossKey& key, const LossFigures& lost);

    Metrics& metrics_;
    Losses unreported_;
    std::optional<int64_t> reported_ns_;
    mutable std::mutex mutex_;
    std::map<std::string, uint64_t> totals_;
};

}  // namespace vedette::engine
