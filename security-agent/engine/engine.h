// SPDX-License-Identifier: Apache-2.0
//
// The engine: a batch in, alerts out. It owns the process mirror, the loaded rules and their limiters; it knows no
// socket, no thread and no file. One thread calls it (engine_thread.h); tests call it directly.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <vector>

#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/engine/alert.h"
#include "security-agent/engine/alert_sink.h"
#include "security-agent/engine/process_mirror.h"
#include "security-agent/engine/rate_limiter.h"
#include "security-agent/policy/loader.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

using Policies = std::shared_ptr<const policy::CompiledPolicies>;

struct EngineOptions {
    AgentFacts agent;
    RateLimiter::Limit limit;  ///< of rules without `every`
    size_t mirror_bytes = 128U << 20;
    std::function<int64_t()> steady_ns;  ///< monotonic clock
    std::function<int64_t()> wall_ns;    ///< nanoseconds since 1970
};

/// What others may ask at any time.
struct EngineStatus {
    uint64_t events = 0;
    uint64_t alerts = 0;
    uint64_t limited = 0;
    uint64_t processes = 0;
    std::map<std::string, uint64_t> lost;  ///< by event type
};

/// How far the agent has come: what a Hello says.
struct Position {
    uint64_t instance_id = 0;
    uint64_t last_sequence = 0;
};

class Engine {
   public:
    Engine(EngineOptions options, AlertSink& sink, Metrics& metrics, Logger& logger);
    ~Engine();

    /// @name Engine thread.
    /// @{
    void welcome(const v1::Welcome& welcome);
    /// Evaluates every event that is newer than the position; moves the position behind the batch.
    void batch(v1::Batch& batch);
    /// Call about once a second: takes new rules while nothing happens, reports losses.
    void tick();
    /// Reports what tick() would have reported later.
    void finish();
    /// @}

    /// @name Any thread.
    /// @{
    /// Takes effect between two batches.
    void set_policies(Policies policies);
    Policies policies() const;
    Position position() const;
    EngineStatus status() const;
    /// @}

   private:
    struct ActiveRule;
    struct Counters;
    struct Subject;

    void take_new_policies();
    void apply(v1::ProcessUpdate& update);
    void evaluate(const v1::Event& event);
    void alert(Subject& subject, const secl::EvalContext& context,
               std::span<const uint32_t> matched);
    bool within_limit(uint32_t rule, const secl::EvalContext& context);
    void count_losses(const v1::Batch& batch);
    void lose(const std::string& type, const std::string& reason, uint64_t count);
    void report_losses(bool now);

    EngineOptions options_;
    AlertSink& sink_;
    Metrics& metrics_;
    Logger& logger_;
    std::unique_ptr<Counters> counters_;

    ProcessMirror mirror_;
    RateLimiter limiter_;
    secl::EvalState state_;
    std::vector<std::byte> scratch_memory_;
    std::pmr::monotonic_buffer_resource scratch_;
    std::vector<const void*> ancestors_;
    Policies active_;
    std::vector<ActiveRule> active_rules_;  ///< by rule number of active_
    Losses unreported_;
    int64_t losses_reported_ns_ = 0;
    uint64_t instance_id_ = 0;
    uint64_t last_sequence_ = 0;

    mutable std::mutex mutex_;  ///< what other threads see
    Policies newest_;
    Position position_;
    std::map<std::string, uint64_t> lost_;
    std::atomic<uint64_t> events_ = 0;
    std::atomic<uint64_t> alerts_ = 0;
    std::atomic<uint64_t> limited_ = 0;
    std::atomic<uint64_t> processes_ = 0;
};

}  // namespace vedette::engine
