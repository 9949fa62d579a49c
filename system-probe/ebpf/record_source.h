// SPDX-License-Identifier: Apache-2.0
//
// Where records come from: the kernel (kernel_source.h) or a recording (replay_source.h). Everything after it,
// from the decoder on, is the same for both.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "bpf/abi/records.h"
#include "common/result.h"
#include "system-probe/ebpf/discarder_map.h"
#include "system-probe/ebpf/ledger.h"
#include "system-probe/filters/filter_plan.h"
#include "system-probe/filters/ondemand_point.h"

namespace vedette::probe {

/// Whether an event is seen when it comes by one entry.
struct EntryCoverage {
    std::string entry;  ///< "64-bit", "32-bit", "io_uring", "handle"
    bool seen = false;
    std::string reason;  ///< why not
};

/// What can be attached for one event type, and what that means; the rows of `check` and of the status.
struct HookReport {
    std::string event_type;  ///< "exec"
    std::string backend;     ///< "tracepoint", "trampoline" or "" when nothing can be attached
    std::vector<std::string> programs;
    std::string state;   ///< "full", "partial", "missing"
    std::string reason;  ///< what is weaker or missing, and why
    std::vector<EntryCoverage> coverage;
    bool attached = false;  ///< its programs are: the last apply() or the process tree needs them
};

struct ProgramCost {
    std::string name;
    /// Instructions that the verifier walked through, of the 1,000,000 it allows; 0 before Linux 5.16, which does not
    /// say.
    uint32_t verified_instructions = 0;
};

/// What became of a program since it was loaded.
struct ProgramRuns {
    std::string name;
    uint64_t runs = 0;  ///< as far as the kernel counted, as `ns`
    uint64_t ns = 0;
    /// How often the kernel left it out, because it was running on that CPU already, in a task that was preempted there or
    /// further down the stack. Counted always; of trampolines since Linux 5.12, of tracepoints since 6.2.
    uint64_t misses = 0;
};

struct RunCosts {
    bool counted = false;  ///< runs and time, now
    std::string problem;   ///< why the setting has no effect
    std::vector<ProgramRuns> programs;
};

/// What it means that the kernel left programs out; empty: it left out none.
std::string explain_misses(std::span<const ProgramRuns> programs);

/// One whole record, header first. The bytes are valid during the call only and are not trusted.
using RecordSink = std::function<void(std::span<const std::byte>)>;

/// Lets the thread that keeps capabilities do something (PrivilegedWorker::post); false: it will not.
using PrivilegedPost = std::function<bool(std::function<void()>)>;

/// Lives on the pipeline thread.
class RecordSource {
   public:
    virtual ~RecordSource() = default;

    /// Processes that exist already, as VDT_SNAPSHOT records. Called once, after the hooks are live, so that a
    /// process that appears meanwhile is seen at least once; the caller keeps what it knows better.
    virtual Result<> snapshot(const RecordSink& sink) = 0;

    /// Waits up to `timeout` for records and hands over those that are there. Returns how many; 0 after the timeout.
    /// At the end of a recording: kNotFound.
    virtual Result<size_t> poll(std::chrono::milliseconds timeout, const RecordSink& sink) = 0;

    /// Ends the poll() that waits, or else the next one at once. Any thread.
    virtual void wake() {}

    /// Records that come meanwhile wait for the next poll(), and wake nobody.
    virtual void rest(std::chrono::microseconds /*time*/) {}

    /// Kernel counters, summed over the CPUs.
    virtual vdt_counters counters() = 0;
    /// Whose records were lost since the last call; never more than counters() says when that is asked afterwards.
    virtual std::vector<LossGap> gaps() { return {}; }

    /// What is needed from now on; nothing but process lifecycle until then. A source without filters hands over
    /// everything.
    virtual void apply(const FilterPlan& /*plan*/, std::vector<OnDemandPoint> /*points*/) {}
    /// Whether all of the last plan is in force that ever will be.
    virtual bool settled() const { return true; }
    /// What of it is not in force, and why; empty: nothing.
    virtual std::string filter_problem() const { return {}; }
    /// What was asked for and cannot be had: "ondemand: no_such_function: ...". Any thread.
    virtual std::vector<std::string> warnings() const { return {}; }
    /// Has the kernel make records of what it gathered since the last call; every few seconds while VDT_CAPABILITIES is
    /// needed.
    virtual void tell_gathered() {}
    /// Events of no use, until the next apply(). Needs set_privileged().
    virtual void discard(const Discarder& /*discarder*/) {}
    /// `done` gets those in force, on the privileged thread. False: it will not be called.
    virtual bool read_discarders(
        const std::function<void(std::vector<StoredDiscarder>)>& /*done*/) {
        return false;
    }
    /// `done` gets them, on the privileged thread. False: it will not be called.
    virtual bool read_costs(const std::function<void(RunCosts)>& /*done*/) { return false; }
    /// Before the pipeline's thread starts; the jobs must have run before the source goes.
    virtual void set_privileged(PrivilegedPost /*post*/) {}

    virtual std::vector<HookReport> hooks() const = 0;
    /// What is loaded.
    virtual std::vector<ProgramCost> programs() const { return {}; }
    virtual std::string name() const = 0;  ///< "kernel" or the recording's path
    virtual uint64_t ring_bytes() const = 0;
    virtual uint64_t map_bytes() const = 0;
};

}  // namespace vedette::probe
