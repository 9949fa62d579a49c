// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/engine.h"

#include <algorithm>
#include <utility>

#include "fields.gen.h"
#include "security-agent/engine/field_text.h"

namespace vedette::engine {
namespace {

constexpr size_t kScratchBytes = 64U << 10;
constexpr int64_t kLossReportPeriod = 1'000'000'000;

const v1::ProcessNode& unknown_process() {
    return v1::ProcessNode::default_instance();
}

std::string type_name(int number) {
    const auto* field = v1::Event::descriptor()->FindFieldByNumber(number);
    return field ? field->name() : "unknown";
}

const secl::EventTypeDef* event_type(int number) {
    for (const secl::EventTypeDef& event : field_table().events())
        if (event.id == number)
            return &event;
    return nullptr;
}

std::string reason_name(v1::Loss::Reason reason) {
    switch (reason) {
        case v1::Loss::REASON_RING_FULL:
            return "ring_full";
        case v1::Loss::REASON_SCRATCH:
            return "scratch";
        case v1::Loss::REASON_DECODE:
            return "decode";
        case v1::Loss::REASON_QUEUE_FULL:
            return "queue_full";
        default:
            return "unknown";
    }
}

Policies no_policies() {
    return std::make_shared<const policy::CompiledPolicies>(
        policy::compile_policies({}, field_table()));
}

}  // namespace

struct Engine::ActiveRule {
    RateLimiter::Limit limit;
    std::vector<const secl::FieldDef*> token;
    Counter* alerts = nullptr;
    Counter* limited = nullptr;
};

/// Event type and process of the event being evaluated, with its ancestors once somebody asked.
struct Engine::Subject {
    const ProcessMirror& mirror;
    const v1::Event& event;
    const secl::EventTypeDef& type;
    const v1::ProcessNode& process;
    std::vector<const void*>& list;
    bool listed = false;

    std::span<const void* const> ancestors() {
        if (!std::exchange(listed, true)) {
            list.clear();
            mirror.ancestors(process, list);
        }
        return list;
    }
    static std::span<const void* const> elements(const secl::EvalContext& context,
                                                 secl::Subject iterator) {
        if (iterator != secl::Subject::kAncestor)
            return {};
        return static_cast<Subject*>(context.owner)->ancestors();
    }
};

struct Engine::Counters {
    explicit Counters(Metrics& metrics)
        : batches(metrics.counter("vedette_agent_batches_total", "Batches evaluated.")),
          repeated(metrics.counter(
              "vedette_agent_repeated_events_total",
              "Events that came a second time after a reconnect and were skipped.")),
          unknown_process(metrics.counter("vedette_agent_unknown_process_total",
                                          "Events whose process was not in the mirror.")),
          processes(metrics.gauge("vedette_agent_processes", "Process images in the mirror.")),
          mirror_bytes(
              metrics.gauge("vedette_agent_mirror_bytes", "Memory of the process mirror.")),
          evicted(metrics.gauge("vedette_agent_mirror_evicted",
                                "Process images forgotten because of the mirror's memory bound.")),
          latency(metrics.histogram(
              "vedette_agent_alert_latency_seconds", "From the event to its alert line.",
              {.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 60})) {}

    Counter& batches;
    Counter& repeated;
    Counter& unknown_process;
    Gauge& processes;
    Gauge& mirror_bytes;
    Gauge& evicted;
    Histogram& latency;
    std::map<int, Counter*> events;
};

Engine::Engine(EngineOptions options, AlertSink& sink, Metrics& metrics, Logger& logger)
    : options_(std::move(options)),
      sink_(sink),
      metrics_(metrics),
      logger_(logger),
      counters_(std::make_unique<Counters>(metrics)),
      mirror_(options_.mirror_bytes),
      scratch_memory_(kScratchBytes),
      scratch_(scratch_memory_.data(), scratch_memory_.size()),
      active_(no_policies()),
      newest_(active_) {}

Engine::~Engine() = default;

void Engine::set_policies(Policies policies) {
    const std::lock_guard lock(mutex_);
    newest_ = std::move(policies);
}

Policies Engine::policies() const {
    const std::lock_guard lock(mutex_);
    return newest_;
}

Position Engine::position() const {
    const std::lock_guard lock(mutex_);
    return position_;
}

EngineStatus Engine::status() const {
    const std::lock_guard lock(mutex_);
    return {events_, alerts_, limited_, processes_, lost_};
}

void Engine::take_new_policies() {
    Policies newest = policies();
    if (newest == active_)
        return;
    active_ = std::move(newest);
    active_rules_.clear();
    for (const policy::RuleInfo& rule : active_->rules) {
        ActiveRule active;
        active.limit = rule.every_ns > 0 ? RateLimiter::Limit{1, rule.every_ns} : options_.limit;
        for (const std::string& name : rule.limiter_token)
            if (const secl::FieldDef* field = find_field(field_table(), name))
                active.token.push_back(field);
        const Labels labels = {{"rule", rule.id}};
        active.alerts = &metrics_.counter("vedette_agent_alerts_total", "Alerts by rule.", labels);
        active.limited = &metrics_.counter("vedette_agent_alerts_limited_total",
                                           "Alerts held back by the rule's rate limit.", labels);
        active_rules_.push_back(std::move(active));
    }
    sink_.write(ruleset_loaded_line(options_.agent, *active_, options_.wall_ns()));
}

void Engine::welcome(const v1::Welcome& welcome) {
    const bool other_probe = welcome.instance_id() != instance_id_;
    if (other_probe || welcome.reset_mirror())
        mirror_.clear();
    if (other_probe)
        last_sequence_ = std::max<uint64_t>(welcome.next_sequence(), 1) - 1;
    instance_id_ = welcome.instance_id();
    if (welcome.missed()) {
        logger_.warn("the probe no longer holds {} events that happened while we were away",
                     welcome.missed());
        metrics_
            .counter("vedette_agent_missed_events_total",
                     "Events the probe no longer held after a reconnect.")
            .Increment(static_cast<double>(welcome.missed()));
    }
    const std::lock_guard lock(mutex_);
    position_ = {instance_id_, last_sequence_};
}

void Engine::batch(v1::Batch& batch) {
    take_new_policies();
    counters_->batches.Increment();
    count_losses(batch);
    const int events = batch.events_size();
    int update = 0;
    const auto apply_before = [&](int event) {
        for (; update < batch.processes_size() &&
               (event == events ||
                batch.processes(update).before_event() <= static_cast<uint32_t>(event));
             ++update)
            apply(*batch.mutable_processes(update));
    };
    for (int i = 0; i < events; ++i) {
        apply_before(i);
        if (batch.first_sequence() + static_cast<uint64_t>(i) <= last_sequence_)
            counters_->repeated.Increment();
        else
            evaluate(batch.events(i));
    }
    apply_before(events);
    if (events)
        last_sequence_ = std::max(last_sequence_, batch.first_sequence() + events - 1);
    processes_ = mirror_.size();
    counters_->processes.Set(static_cast<double>(mirror_.size()));
    counters_->mirror_bytes.Set(static_cast<double>(mirror_.bytes()));
    counters_->evicted.Set(static_cast<double>(mirror_.evicted()));
    report_losses(false);
    const std::lock_guard lock(mutex_);
    position_ = {instance_id_, last_sequence_};
}

void Engine::tick() {
    take_new_policies();
    report_losses(false);
}

void Engine::finish() {
    report_losses(true);
}

void Engine::apply(v1::ProcessUpdate& update) {
    if (update.gone())
        mirror_.erase(update.node().key());
    else
        mirror_.apply(std::move(*update.mutable_node()));
}

void Engine::evaluate(const v1::Event& event) {
    const int number = event.payload_case();
    Counter*& counter = counters_->events[number];
    if (!counter)
        counter = &metrics_.counter("vedette_agent_events_total", "Events evaluated, by type.",
                                    {{"type", type_name(number)}});
    counter->Increment();
    ++events_;
    const secl::EventTypeDef* type = event_type(number);
    if (!type || type->name.empty())
        return;
    const v1::ProcessNode* process = mirror_.find(event.process_key());
    if (!process) {
        counters_->unknown_process.Increment();
        process = &unknown_process();
    }
    const v1::ProcessNode* parent = mirror_.parent(*process);
    Subject subject{mirror_, event, *type, *process, ancestors_};
    secl::EvalContext context;
    context.type = type->id;
    context.event = &event;
    context.process = process;
    context.parent = parent ? parent : &unknown_process();
    context.elements = &Subject::elements;
    context.owner = &subject;
    context.scratch = &scratch_;
    context.now_ns =
        event.timestamp() ? static_cast<int64_t>(event.timestamp()) : options_.wall_ns();
    const std::span<const uint32_t> matched = active_->rule_set->evaluate(context, state_);
    if (!matched.empty())
        alert(subject, context, matched);
    scratch_.release();
}

void Engine::alert(Subject& subject, const secl::EvalContext& context,
                   std::span<const uint32_t> matched) {
    std::vector<uint32_t> loud;
    for (const uint32_t rule : matched)
        if (!active_->rules[rule].silent && within_limit(rule, context))
            loud.push_back(rule);
    if (loud.empty())
        return;
    std::vector<const policy::RuleInfo*> infos;
    for (const uint32_t rule : matched)
        infos.push_back(&active_->rules[rule]);
    const boost::json::object event =
        event_part({subject.event, subject.type.name, subject.type.category, subject.process,
                    mirror_.parent(subject.process), subject.ancestors(), infos});
    for (const uint32_t rule : loud) {
        sink_.write(alert_line(options_.agent, active_->rules[rule], event));
        active_rules_[rule].alerts->Increment();
    }
    const int64_t age = options_.wall_ns() - static_cast<int64_t>(subject.event.timestamp());
    counters_->latency.Observe(static_cast<double>(age) * 1e-9);
    alerts_ += loud.size();
}

bool Engine::within_limit(uint32_t rule, const secl::EvalContext& context) {
    const ActiveRule& active = active_rules_[rule];
    std::string token;
    for (const secl::FieldDef* field : active.token) {
        token += field_text(*field, context);
        token += '\0';
    }
    if (limiter_.allow(active_->rules[rule].id, token, active.limit, options_.steady_ns()))
        return true;
    active.limited->Increment();
    ++limited_;
    return false;
}

void Engine::count_losses(const v1::Batch& batch) {
    uint64_t explained = 0;
    for (const v1::Loss& loss : batch.lost()) {
        lose(type_name(static_cast<int>(loss.event_type())), reason_name(loss.reason()),
             loss.count());
        if (loss.reason() == v1::Loss::REASON_QUEUE_FULL)
            explained += loss.count();
    }
    // Sequence numbers are without a hole unless the probe had to drop events, and then it says so.
    if (batch.events_size() == 0 || batch.first_sequence() <= last_sequence_ + 1)
        return;
    const uint64_t gap = batch.first_sequence() - last_sequence_ - 1;
    if (gap > explained)
        lose("unknown", "sequence_gap", gap - explained);
}

void Engine::lose(const std::string& type, const std::string& reason, uint64_t count) {
    if (count == 0)
        return;
    metrics_
        .counter("vedette_agent_events_lost_total", "Events lost before they reached the engine.",
                 {{"type", type}, {"reason", reason}})
        .Increment(static_cast<double>(count));
    unreported_[{type, reason}] += count;
    const std::lock_guard lock(mutex_);
    lost_[type] += count;
}

void Engine::report_losses(bool now_or_never) {
    const int64_t now = options_.steady_ns();
    const bool due =
        now_or_never || losses_reported_ns_ == 0 || now - losses_reported_ns_ >= kLossReportPeriod;
    if (unreported_.empty() || !due)
        return;
    for (const auto& [key, count] : unreported_)
        logger_.warn("{} events of type {} were lost: {}", count, key.first, key.second);
    sink_.write(lost_events_line(options_.agent, unreported_, options_.wall_ns()));
    unreported_.clear();
    losses_reported_ns_ = now;
}

}  // namespace vedette::engine
