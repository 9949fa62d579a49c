// SPDX-License-Identifier: Apache-2.0
//
// What follows from a match: actions, rate limit, alert (reference sections 3.3, 5.1). All rules have been evaluated by
// then, against variables as they were before the event. The order is: the `set` actions of all rules that matched, in
// the order of evaluation; then per rule its limiter, which its `log` actions and its alert share; then the alerts,
// which show variables as the event has left them. `set` actions are performed for silent and for limited rules too,
// as in the reference: they are the rule's memory. An alert that shows hashes or a package waits for the probe's answer,
// with everything else as it was.
// Under the engine's lock.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/engine/actions.h"
#include "security-agent/engine/alert.h"
#include "security-agent/engine/alert_sink.h"
#include "security-agent/engine/event_subject.h"
#include "security-agent/engine/file_facts.h"
#include "security-agent/engine/held_alerts.h"
#include "security-agent/engine/rate_limiter.h"
#include "security-agent/engine/rule_book.h"
#include "security-agent/engine/workload_mirror.h"

namespace vedette::engine {

class Alerting {
   public:
    struct Options {
        AgentFacts agent;
        std::string source = "runtime";
        std::function<int64_t()> steady_ns;  ///< of the rate limiters
        std::function<int64_t()> wall_ns;    ///< of the latency figure
    };
    /// An event with the rules that match it.
    struct Match {
        const RuleBook& book;
        EventSubject& subject;
        const secl::EvalContext& context;  ///< with `variables`
        std::span<const uint32_t> rules;   ///< ascending: in the order of evaluation
        std::string_view decided;          ///< as AlertSubject::decided
    };

    /// References must outlive it.
    Alerting(Options options, VariableStore& store, FindProcess find_process, FileFacts& files,
             ProcessTexts& texts, const WorkloadMirror& workloads, AlertSink& sink,
             Metrics& metrics, Logger& logger);

    void handle(const Match& match);
    /// Writes the alert that waited for it.
    void answer(const v1::FileAnswer& answer);
    /// Writes the alerts that waited for that container's runtime.
    void workload(const std::string& container_id);
    /// Writes alerts that have waited long enough.
    void on_time();
    /// Writes all that wait.
    void release();

    /// Forgets the limits of rules that are no longer there.
    void keep_limits_of(const RuleBook& book);

    /// @name Any thread.
    /// @{
    uint64_t alerts() const { return alerts_; }
    uint64_t limited() const { return limited_; }
    /// @}

   private:
    bool within_limit(const RuleBook& book, uint32_t rule, const secl::EvalContext& context);
    const RuleTextsPtr& texts_of(const RuleBook& book, uint32_t rule) const;
    void write(const Match& match, std::span<const uint32_t> loud);
    void write_lines(HeldAlert& alert);
    void add_container(HeldAlert& alert);
    void ask_about_files(const Match& match, std::span<const uint32_t> loud, HeldAlert& alert);

    Options options_;
    VariableStore& store_;
    FindProcess find_process_;
    FileFacts& files_;
    ProcessTexts& texts_;
    const WorkloadMirror& workloads_;
    HeldAlerts held_;
    AlertSink& sink_;
    Logger& logger_;
    Histogram& latency_;
    RateLimiter limiter_;
    std::atomic<uint64_t> alerts_ = 0;
    std::atomic<uint64_t> limited_ = 0;
};

}  // namespace vedette::engine
