// SPDX-License-Identifier: Apache-2.0
//
// Loads the policies, at start and whenever somebody asks, and hands them to the engine. Compiling happens on the
// caller's thread, aside from the engine's, which takes the result between two batches.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "common/health.h"
#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/engine/engine.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::app {

struct PolicyOptions {
    std::string directory;
    std::string emulated_version = policy::kEmulatedVersion;
    /// Tells the probe what to collect. `wait`: returns when it does, or cannot be told now. May be empty.
    std::function<void(v1::FilterPlan plan, bool wait)> collect;
};

/// What came of one load.
struct LoadOutcome {
    bool in_force = false;       ///< what was read is what the engine evaluates now
    bool kept_previous = false;  ///< the rules of an earlier load stay in force
    std::string trigger;         ///< who asked: "start", "SIGHUP", "directory", "API", "probe"
    std::string message;         ///< why it was refused; empty otherwise
    int64_t time_ns = 0;         ///< since 1970; 0: there was no load yet
    size_t policies = 0;
    size_t loaded = 0;    ///< rules
    size_t filtered = 0;  ///< rules that do not count on this host
    size_t failed = 0;    ///< rules with errors
    size_t errors = 0;    ///< diagnostics
    size_t warnings = 0;
    std::shared_ptr<const policy::CompiledPolicies> compiled;  ///< null: nothing could be read
};

struct PolicyManagerStatus {
    LoadOutcome last;  ///< attempt
    size_t rules_in_force = 0;
    int64_t in_force_since_ns = 0;  ///< 0: no rules were ever in force
    uint64_t loads = 0;             ///< that took effect
    uint64_t refused = 0;
};

/// {in_force, kept_previous, trigger, message, time, policies, rules{loaded, filtered, failed}, errors, warnings}; time
/// in ns since 1970.
boost::json::object to_json(const LoadOutcome& outcome);
/// {last: as above, rules_in_force, since, loads, refused}.
boost::json::object to_json(const PolicyManagerStatus& status);

class PolicyManager {
   public:
    /// `health`: beats while rules are loaded.
    PolicyManager(PolicyOptions options, engine::Engine& engine, Metrics& metrics, Logger& logger,
                  std::shared_ptr<Health::Component> health);

    /// A bad rule is skipped and named. A directory that cannot be read, or a file that is unreadable as a whole, leaves
    /// the rules that were loaded before in force, if there were any; the engine then says so in a `ruleset_loaded`
    /// event. Every problem is logged. Any thread; one load at a time.
    LoadOutcome load(std::string_view trigger);

    /// What is collected besides, for whatever the rules in force are; an empty plan: nothing. Returns as load() does when
    /// the probe collects it, or cannot be told now. Any thread.
    void also_collect(v1::FilterPlan plan);

    /// Whether every fork, exec and exit is delivered, whatever rules need. Returns as also_collect() does; any thread.
    void deliver_lifecycle(bool all);

    /// Any thread, without waiting for a load.
    PolicyManagerStatus status() const;

   private:
    LoadOutcome read();
    void take(LoadOutcome& outcome);
    void collect(v1::FilterPlan plan, bool wait);
    void collect_for_rules(bool wait);
    void refuse(LoadOutcome& outcome);
    void report(const policy::CompiledPolicies& policies);

    PolicyOptions options_;
    engine::Engine& engine_;
    Logger& logger_;
    std::shared_ptr<Health::Component> health_;
    Gauge& rules_;
    Gauge& last_ok_;
    Counter& loads_;
    Counter& failures_;
    std::mutex loading_;        ///< one load at a time
    v1::FilterPlan collected_;  ///< what the rules in force need; under loading_
    v1::FilterPlan also_;       ///< collected besides; under loading_
    bool lifecycle_ = false;    ///< all of it is delivered; under loading_
    uint64_t revision_ = 0;     ///< of the last plan; under loading_
    mutable std::mutex mutex_;  ///< status_
    PolicyManagerStatus status_;
};

}  // namespace vedette::app
