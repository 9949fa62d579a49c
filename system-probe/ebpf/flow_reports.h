// SPDX-License-Identifier: Apache-2.0
//
// Reads what the kernel counted of flows (bpf/lib/flow.h), once a period, and makes records of it: one for each device and
// process. Two tables take turns, so nothing is counted in the one that is read and emptied.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "bpf/abi/programs.h"
#include "common/result.h"
#include "system-probe/ebpf/record_source.h"

namespace vedette::probe {

struct CountedFlow {
    vdt_flow_key key;
    vdt_flow_counts counts;
};

/// Hands over NETWORK_FLOW_MONITOR records; returns how many. Pure.
size_t make_flow_records(std::vector<CountedFlow> flows, uint64_t now_boot_ns,
                         const RecordSink& sink);

/// Pipeline thread, but for the job it posts: that must have run before this goes.
class FlowReports {
   public:
    using Clock = std::chrono::steady_clock;
    using SwitchTo = std::function<void(uint32_t table)>;

    /// After this long no program counts any more in the table that it found at its beginning: they run for microseconds.
    static constexpr auto kGrace = std::chrono::milliseconds(500);

    /// The maps must stay open. `switch_to` makes programs count in the other one.
    FlowReports(int table_0, int table_1, Clock::duration period, SwitchTo switch_to)
        : tables_{table_0, table_1}, period_(period), switch_to_(std::move(switch_to)) {}

    void set_privileged(PrivilegedPost post) { post_ = std::move(post); }
    /// Whether a rule asks; when none does any more, what was counted is thrown away.
    void want(bool wanted, Clock::time_point now);
    /// Call it often. Returns how many records were handed over.
    size_t tick(Clock::time_point now, uint64_t now_boot_ns, const RecordSink& sink);
    /// Of the last reading; empty: it worked.
    const std::string& problem() const { return problem_; }

   private:
    enum class State : uint8_t { kCounting, kSwitched, kReading };

    void start_reading();

    int tables_[2];
    Clock::duration period_;
    SwitchTo switch_to_;
    PrivilegedPost post_;
    bool wanted_ = false;
    bool throw_away_ = false;
    State state_ = State::kCounting;
    uint32_t active_ = 0;
    Clock::time_point next_ = {};
    std::atomic<bool> done_ = false;  ///< publishes read_
    Result<std::vector<CountedFlow>> read_;
    std::string problem_;
};

}  // namespace vedette::probe
