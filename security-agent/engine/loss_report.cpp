// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/loss_report.h"

#include <algorithm>
#include <utility>

#include "proto/loss_reason.h"
#include "security-agent/engine/event_subject.h"

namespace vedette::engine {

void LossReport::count(const v1::Batch& batch, int events, uint64_t last_sequence) {
    uint64_t explained = 0;
    for (const v1::Loss& loss : batch.lost()) {
        lose({event_type_name(static_cast<int>(loss.event_type())), loss_reason_name(loss.reason()),
              loss.cgroup_id()},
             {loss.count(), loss.first_time(), loss.last_time()});
        if (loss.reason() == v1::Loss::REASON_QUEUE_FULL)
            explained += loss.count();
    }
    // Sequence numbers are without a hole unless the probe had to drop events, and then it says so.
    if (events == 0 || batch.first_sequence() <= last_sequence + 1)
        return;
    const uint64_t gap = batch.first_sequence() - last_sequence - 1;
    if (gap > explained)
        lose({"unknown", "sequence_gap"}, {gap - explained});
}

void LossReport::count_malformed(uint32_t payload) {
    lose({event_type_name(static_cast<int>(payload)), loss_reason_name(v1::Loss::REASON_DECODE)},
         {1});
}

void LossReport::lose(const LossKey& key, const LossFigures& lost) {
    if (lost.count == 0)
        return;
    metrics_
        .counter("vedette_agent_events_lost_total", "Events lost before they reached the engine.",
                 {{"type", key.type}, {"reason", key.reason}})
        .Increment(static_cast<double>(lost.count));
    LossFigures& sum = unreported_[key];
    sum.count += lost.count;
    if (sum.first_time == 0 || (lost.first_time != 0 && lost.first_time < sum.first_time))
        sum.first_time = lost.first_time;
    sum.last_time = std::max(sum.last_time, lost.last_time);
    const std::lock_guard lock(mutex_);
    totals_[key.type] += lost.count;
}

std::optional<Losses> LossReport::take(int64_t now_ns, bool at_once) {
    const bool due = at_once || !reported_ns_ || now_ns - *reported_ns_ >= kPeriod;
    if (unreported_.empty() || !due)
        return std::nullopt;
    reported_ns_ = now_ns;
    return std::exchange(unreported_, {});
}

std::map<std::string, uint64_t> LossReport::totals() const {
    const std::lock_guard lock(mutex_);
    return totals_;
}

}  // namespace vedette::engine
