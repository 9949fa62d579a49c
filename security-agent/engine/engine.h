// SPDX-License-Identifier: Apache-2.0
//
// The engine: a batch in, alerts out. It owns the process mirror, the loaded rules with their limiters and variables,
// and the events that wait for a decision; it knows no socket, no thread and no file. One thread at a time calls it
// (evaluation.h); tests and `runtime replay` call it directly. Without clocks of its own it goes by the events' time:
// then the same batches give the same lines, byte for byte.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/engine/alert.h"
#include "security-agent/engine/alert_sink.h"
#include "security-agent/engine/alerting.h"
#include "security-agent/engine/discarder_finder.h"
#include "security-agent/engine/event_parser.h"
#include "security-agent/engine/event_subject.h"
#include "security-agent/engine/event_tap.h"
#include "security-agent/engine/heartbeats.h"
#include "security-agent/engine/integrity.h"
#include "security-agent/engine/internal_events.h"
#include "security-agent/engine/lineage.h"
#include "security-agent/engine/loss_report.h"
#include "security-agent/engine/parked_events.h"
#include "security-agent/engine/process_json.h"
#include "security-agent/engine/process_mirror.h"
#include "security-agent/engine/process_texts.h"
#include "security-agent/engine/rate_limiter.h"
#include "security-agent/engine/rule_book.h"
#include "security-agent/engine/stream_message.h"
#include "security-agent/engine/variable_store.h"
#include "security-agent/engine/watch.h"
#include "security-agent/engine/workload_mirror.h"
#include "security-agent/policy/loader.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

struct EngineOptions {
    AgentFacts agent;
    std::string hostname;            ///< event.hostname
    std::string service;             ///< event.service
    std::string source = "runtime";  ///< event.source and evt.source: "runtime" or "replay"
    RateLimiter::Limit limit;        ///< of rules without `every`
    size_t mirror_bytes = 128U << 20;
    VariableStore::Limits variables;
    ParkedEvents::Limits parked;
    FileOptions files;  ///< without files.ask what only the probe can know of files stays empty
    std::vector<std::string> label_tags;  ///< labels of containers that become tags; "*": all
    bool heartbeat = true;                ///< write `heartbeat` lines
    std::function<int64_t()> steady_ns;   ///< monotonic clock; empty: the time of the newest event
    std::function<int64_t()>
        wall_ns;  ///< nanoseconds since 1970; empty: the time of the newest event
    std::function<void(const v1::Discard&)>
        discard;                         ///< tells the probe what is of no use; empty: nobody asks
    std::function<std::string()> uuid4;  ///< of ${builtins.uuid4}; empty: random
    EventTap* tap = nullptr;             ///< sees every event; null: nobody does
};

/// What others may ask at any time.
struct EngineStatus {
    uint64_t events = 0;
    uint64_t alerts = 0;
    uint64_t limited = 0;
    uint64_t processes = 0;
    std::map<std::string, uint64_t> lost;  ///< by event type

    struct Rule {
        uint64_t hits = 0;
        uint64_t alerts = 0;
        uint64_t limited = 0;
        uint64_t cost_ns = 0;  ///< mean of the evaluations that were timed
        uint64_t timed = 0;    ///< of those of one event in Engine::kTimedEvery
    };
    std::map<std::string, Rule, std::less<>> rules;  ///< in force, by id

    struct Variables {
        uint64_t values = 0;
        uint64_t scopes = 0;
        uint64_t bytes = 0;
        std::map<std::string, uint64_t> dropped;  ///< by reason
    } variables;

    struct Parked {
        uint64_t waiting = 0;
        uint64_t bytes = 0;
        uint64_t parked = 0;      ///< since the start
        uint64_t late = 0;        ///< decided when the metadata had come
        uint64_t incomplete = 0;  ///< decided without it
    } parked;

    struct Evaluation {
        uint64_t timed = 0;
        uint64_t cost_ns = 0;  ///< mean of one event
    };
    std::map<std::string, Evaluation> evaluation;  ///< by event type
};

/// How far the agent has come: what a Hello says.
struct Position {
    uint64_t instance_id = 0;
    uint64_t last_sequence = 0;
    uint64_t last_batch = 0;  ///< Batch.number
};

class Engine {
   public:
    /// One event in so many is timed.
    static constexpr uint64_t kTimedEvery = 256;

    Engine(EngineOptions options, AlertSink& sink, Metrics& metrics, Logger& logger);
    ~Engine();

    /// @name One thread at a time.
    /// @{
    void welcome(const v1::Welcome& welcome);
    /// Evaluates every event that is newer than the position; moves the position behind the batch. Events may be
    /// moved out of it.
    void batch(v1::Batch& batch);
    /// The same of a message with a batch, whose events are parsed one by one. What is no event is a loss.
    void batch(const StreamMessage& message);
    /// What the probe says to a question of EngineOptions::files.
    void answer(const v1::FileAnswer& answer);
    /// Call about once a second: takes new rules while nothing happens, reports losses, decides what waited too long.
    void tick();
    /// Decides every event that waits, with what is known, and reports what tick() would have reported later.
    void finish();
    /// Every process image that is known, in no order.
    void each_process(const std::function<void(const v1::ProcessNode&)>& use) const {
        mirror_.each(use);
    }
    /// @}

    /// @name Any thread.
    /// @{
    /// Takes effect between two batches.
    void set_policies(Policies policies);
    /// Policies were not taken, those before stay: written as `ruleset_loaded` with status "failed". `policies` null:
    /// nothing could be read.
    void load_failed(Policies policies, std::string reason);
    /// From the next batch on these rules are evaluated, too; null: no longer.
    void watch(std::shared_ptr<const Watch> watch);
    /// After set_policies(): revision of the filter plan that is made for these rules alone; 0 while there is none.
    void set_plan(uint64_t revision);
    /// Written as `self_test`.
    void self_test_done(SelfTest test);
    Policies policies() const;
    Position position() const;
    /// May wait for the batch that is being evaluated.
    EngineStatus status() const;
    /// As find_lineage(). May wait as status().
    std::optional<Lineage> lineage(uint32_t pid) const;
    /// Containers, with how many processes are alive in each. May wait as status().
    struct RunningWorkload {
        WorkloadPtr workload;
        uint64_t processes = 0;
    };
    std::vector<RunningWorkload> workloads() const;
    /// The same without the processes, which takes no look at each. May wait as status().
    std::vector<WorkloadPtr> known_workloads() const;
    /// Variables that are set and not private: {"": {name: value}, "process": {"pid 12": {name: value}}, ...}; at most
    /// `max` values. May wait as status().
    boost::json::object variables(size_t max = 1000) const;
    /// @}

   private:
    struct Counters;
    struct Type;
    struct Failure {
        Policies policies;
        std::string reason;
        Policies
            kept;  ///< what was in force then: says whether it failed before or after a load that did not
    };

    void take_news();
    void take_policies(Policies policies);
    void periodic();
    void apply(v1::ProcessUpdate& update);
    void apply(v1::WorkloadUpdate& update);
    template <typename EventAt>
    void batch(v1::Batch& batch, int events, EventAt&& event_at);
    void evaluate(v1::Event& event);
    void count_events();
    secl::Matches run_rules(const RuleBook& book, const secl::EvalContext& context, Type& type);
    void park(v1::Event& event, EventSubject& subject, std::vector<uint32_t> rules);
    bool decide(ParkedEvent& parked, const v1::Container* arrived, bool settle);
    bool decide_with(ParkedEvent& parked, const v1::FileAnswer& answer);
    void complete(secl::EvalContext& context, const secl::VariableReader& variables);
    void run_watch(const EventSubject& subject);
    AlertEvent bare_event(const EventSubject& subject, size_t max_ancestors = kAlertAncestors);
    void check_integrity(const EventSubject& subject);
    void report_losses(bool at_once);
    void reconcile_scopes();
    Type& type_of(int number);
    Type& new_type(size_t number);
    ProcessScope find_process(int64_t pid) const;
    int64_t steady_ns() const { return options_.steady_ns(); }
    int64_t wall_ns() const { return options_.wall_ns(); }

    EngineOptions options_;
    secl::HostIdentity host_;
    AlertSink& sink_;
    Metrics& metrics_;
    Logger& logger_;
    std::unique_ptr<Counters> counters_;

    mutable std::mutex
        state_mutex_;       ///< held while a batch is at work: all down to the other mutex
    int64_t clock_ns_ = 0;  ///< of the newest event
    int64_t batch_ns_ = 0;  ///< when the batch came
    VariableStore store_;
    ProcessMirror mirror_;
    ProcessTexts texts_{&mirror_};
    WorkloadMirror workloads_;
    RuleBooks books_;
    RuleBookPtr book_;
    std::shared_ptr<const Watch> watch_;  ///< null: nobody watches
    secl::EvalState watch_state_;
    FileFacts files_;
    Alerting alerting_;
    ParkedEvents parked_;
    DiscarderFinder discarders_;
    LossReport losses_;
    Integrity integrity_;
    Heartbeats heartbeats_;
    secl::EvalState state_;
    EventSubject::Buffers buffers_;
    EventParser parser_;
    std::vector<std::byte> scratch_memory_;
    std::pmr::monotonic_buffer_resource scratch_;
    std::vector<std::unique_ptr<Type>> types_;  ///< by number
    std::optional<int64_t> reconcile_ns_;  ///< when scopes that a reset left behind are looked for
    int64_t packed_ns_ = 0;                ///< when the mirror packed what nobody looks at
    uint64_t plan_in_force_ = 0;           ///< revision of the filters that the probe goes by
    uint64_t instance_id_ = 0;
    uint64_t last_sequence_ = 0;
    uint64_t last_batch_ = 0;

    mutable std::mutex mutex_;  ///< what other threads see and say
    Policies newest_;
    Position position_;
    std::vector<Failure> failures_;
    std::vector<SelfTest> self_tests_;
    uint64_t newest_plan_ = 0;
    std::shared_ptr<const Watch> newest_watch_;
    std::atomic<uint64_t> events_ = 0;
    std::atomic<uint64_t> processes_ = 0;
};

}  // namespace vedette::engine
