// SPDX-License-Identifier: Apache-2.0
//
// Proves from time to time that what happens on this host is seen: other programs do something that a rule of ours is
// about, and the event has to come back through kernel, probe and engine. First some time after the start, again soon while
// it fails, then hourly, and whenever somebody asks.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/engine/internal_events.h"
#include "security-agent/engine/watch.h"
#include "security-agent/self_test/act.h"

namespace vedette::self_test {

struct Outcome {
    int64_t time_ns = 0;               ///< since 1970; 0: it never ran
    std::vector<std::string> success;  ///< names of acts
    std::vector<std::string> fails;
    std::string error;  ///< why; empty when it passed
    std::map<std::string, std::chrono::microseconds>
        latency;  ///< from the act's begin to the match

    bool passed() const { return time_ns != 0 && error.empty(); }
};

/// {LastTimestamp (ns), Success[], Fails[], Error, LatencyUs{}}.
boost::json::object to_json(const Outcome& outcome);

struct Options {
    std::string directory;  ///< in which a directory of its own is made for each run
    bool scheduled = true;  ///< false: only when somebody asks
    std::chrono::nanoseconds first = std::chrono::seconds(15);  ///< after the start
    std::chrono::nanoseconds retry =
        std::chrono::seconds(15);  ///< while it fails, kMaxRetries times
    std::chrono::nanoseconds period = std::chrono::hours(1);
    std::chrono::milliseconds patience = std::chrono::seconds(5);  ///< for the events of one run
    std::string executable = "/proc/self/exe";                     ///< with kConnectCommand
};

/// Called on the tester's thread.
struct Hooks {
    /// Collects what these rules need and evaluates them; null: no longer. Returns when that is in force, or cannot be
    /// brought about now.
    std::function<void(std::shared_ptr<const engine::Watch>)> watch;
    std::function<bool()> connected;  ///< to the probe
    std::function<void(engine::SelfTest)> report;
};

class SelfTester {
   public:
    static constexpr unsigned kMaxRetries = 25;

    SelfTester(Options options, Hooks hooks, Metrics& metrics, Logger& logger);
    ~SelfTester();
    SelfTester(const SelfTester&) = delete;
    SelfTester& operator=(const SelfTester&) = delete;

    void start();
    /// Ends a run that waits for its events.
    void stop();

    /// Runs it now and waits for its outcome; who asks during a run gets the next one's. Any thread. After stop(): the last
    /// outcome there was.
    Outcome run();
    Outcome last() const;  ///< any thread

   private:
    using Clock = std::chrono::steady_clock;
    struct Run;

    void work();
    bool wait_until_due();
    void schedule_next(bool passed);
    Outcome run_once();
    void perform_all(Run& run, Outcome& outcome) const;
    void publish(const Outcome& outcome);

    Options options_;
    Hooks hooks_;
    Metrics& metrics_;
    Logger& logger_;
    Counter& runs_;
    Gauge& last_time_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Clock::time_point due_;
    unsigned retries_ = 0;
    uint64_t asked_ = 0;  ///< runs that somebody has asked for
    uint64_t begun_ = 0;
    uint64_t done_ = 0;
    bool stopping_ = false;
    std::shared_ptr<Run> current_;  ///< null: none is on
    Outcome last_;
    std::thread thread_;
};

}  // namespace vedette::self_test
