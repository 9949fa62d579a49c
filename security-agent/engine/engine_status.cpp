// SPDX-License-Identifier: Apache-2.0
//
// What the engine tells others and is told by them: policies, lines about itself, figures.
#include <array>
#include <utility>

#include "common/json_text.h"
#include "fields.gen.h"
#include "security-agent/engine/engine.h"
#include "security-agent/engine/engine_parts.h"
#include "security-agent/engine/variable_json.h"

namespace vedette::engine {
namespace {

constexpr int64_t kPackEvery = 1'000'000'000;

}  // namespace

Engine::Counters::Counters(Metrics& metrics)
    : batches(metrics.counter("vedette_agent_batches_total", "Batches evaluated.")),
      repeated(
          metrics.counter("vedette_agent_repeated_events_total",
                          "Events that came a second time after a reconnect and were skipped.")),
      unknown_process(metrics.counter("vedette_agent_unknown_process_total",
                                      "Events whose process was not in the mirror.")),
      missed(metrics.counter("vedette_agent_missed_events_total",
                             "Events the probe no longer held after a reconnect.")),
      parked(metrics.counter("vedette_agent_parked_events_total",
                             "Events that waited for metadata before a rule could be decided.")),
      late(metrics.counter("vedette_agent_late_decisions_total",
                           "Events that waited and were decided, by how.", {{"how", "late"}})),
      incomplete(metrics.counter("vedette_agent_late_decisions_total",
                                 "Events that waited and were decided, by how.",
                                 {{"how", "incomplete"}})),
      processes(metrics.gauge("vedette_agent_processes", "Process images in the mirror.")),
      mirror_bytes(metrics.gauge("vedette_agent_mirror_bytes", "Memory of the process mirror.")),
      evicted(metrics.gauge("vedette_agent_mirror_evicted",
                            "Process images forgotten because of the mirror's memory bound.")),
      variables(metrics.gauge("vedette_agent_variables", "Values of variables that are set.")),
      variable_bytes(metrics.gauge("vedette_agent_variable_bytes", "Memory of variables.")),
      waiting(metrics.gauge("vedette_agent_parked_events", "Events that wait for metadata.")) {}

void Engine::Counters::show(const ProcessMirror& mirror, const VariableStore& store,
                            const ParkedEvents& parked_events) {
    processes.Set(static_cast<double>(mirror.size()));
    mirror_bytes.Set(static_cast<double>(mirror.bytes()));
    evicted.Set(static_cast<double>(mirror.evicted()));
    variables.Set(static_cast<double>(store.values()));
    variable_bytes.Set(static_cast<double>(store.bytes()));
    waiting.Set(static_cast<double>(parked_events.size()));
}

void Engine::set_policies(Policies policies) {
    const std::lock_guard lock(mutex_);
    newest_ = std::move(policies);
}

void Engine::load_failed(Policies policies, std::string reason) {
    constexpr size_t kMaxWaiting = 16;
    const std::lock_guard lock(mutex_);
    if (failures_.size() < kMaxWaiting)
        failures_.push_back({std::move(policies), std::move(reason), newest_});
}

void Engine::watch(std::shared_ptr<const Watch> watch) {
    const std::lock_guard lock(mutex_);
    newest_watch_ = std::move(watch);
}

void Engine::set_plan(uint64_t revision) {
    const std::lock_guard lock(mutex_);
    newest_plan_ = revision;
}

void Engine::self_test_done(SelfTest test) {
    constexpr size_t kMaxWaiting = 16;
    const std::lock_guard lock(mutex_);
    if (self_tests_.size() < kMaxWaiting)
        self_tests_.push_back(std::move(test));
}

Policies Engine::policies() const {
    const std::lock_guard lock(mutex_);
    return newest_;
}

Position Engine::position() const {
    const std::lock_guard lock(mutex_);
    return position_;
}

/// What other threads have left for us.
void Engine::take_news() {
    Policies newest;
    std::vector<Failure> failures;
    std::vector<SelfTest> self_tests;
    uint64_t plan = 0;
    {
        const std::lock_guard lock(mutex_);
        newest = newest_;
        failures.swap(failures_);
        self_tests.swap(self_tests_);
        watch_ = newest_watch_;
        plan = newest_plan_;
    }
    const auto report_failures = [&](bool after) {
        for (const Failure& failure : failures)
            if ((failure.kept == newest) == after)
                sink_.write(ruleset_failed_line(options_.agent, failure.policies.get(),
                                                failure.reason, wall_ns()));
    };
    report_failures(false);
    if (newest != book_->policies)
        take_policies(newest);
    discarders_.take_revisions(plan, plan_in_force_);
    report_failures(true);
    for (const SelfTest& test : self_tests)
        sink_.write(self_test_line(options_.agent, test, wall_ns()));
}

void Engine::take_policies(Policies policies) {
    book_ = books_.make(std::move(policies), book_.get());
    discarders_.take_rules(*book_->policies);
    alerting_.keep_limits_of(*book_);
    files_.set_wants(file_wants(*book_->policies->rule_set));
    heartbeats_.restart(steady_ns());
    sink_.write(ruleset_loaded_line(options_.agent, *book_->policies, wall_ns()));
}

void Engine::periodic() {
    report_losses(false);
    if (const int64_t now = steady_ns(); now - packed_ns_ >= kPackEvery) {
        packed_ns_ = now;
        mirror_.pack_idle();
    }
    if (options_.heartbeat && heartbeats_.due(steady_ns()))
        for (const policy::PolicyReport& policy : book_->policies->policies)
            sink_.write(heartbeat_line(options_.agent, policy, wall_ns()));
}

void Engine::report_losses(bool at_once) {
    const auto lost = losses_.take(steady_ns(), at_once);
    if (!lost)
        return;
    for (const auto& [key, figures] : *lost)
        logger_.warn("{} events of type {} were lost: {}", figures.count, key.type, key.reason);
    sink_.write(lost_events_line(options_.agent, *lost, wall_ns()));
}

EngineStatus Engine::status() const {
    const std::lock_guard state(state_mutex_);
    EngineStatus out;
    out.events = events_;
    out.alerts = alerting_.alerts();
    out.limited = alerting_.limited();
    out.processes = processes_;
    out.lost = losses_.totals();
    for (const auto& [id, figures] : book_->figures)
        out.rules[id] = {figures->hits, figures->alerts, figures->limited,
                         figures->timed ? figures->cost_ns / figures->timed : 0, figures->timed};
    out.variables.values = store_.values();
    out.variables.scopes = store_.scopes();
    out.variables.bytes = store_.bytes();
    for (size_t reason = 0; reason < VariableStore::kReasons; ++reason) {
        const auto which = static_cast<VariableStore::Reason>(reason);
        if (const uint64_t count = store_.dropped(which))
            out.variables.dropped.emplace(VariableStore::to_string(which), count);
    }
    out.parked.waiting = parked_.size();
    out.parked.bytes = parked_.bytes();
    out.parked.parked = static_cast<uint64_t>(counters_->parked.Value());
    out.parked.late = static_cast<uint64_t>(counters_->late.Value());
    out.parked.incomplete = static_cast<uint64_t>(counters_->incomplete.Value());
    for (const auto& type : types_)
        if (type && type->timed)
            out.evaluation[type->name] = {type->timed, type->cost_ns / type->timed};
    return out;
}

std::optional<Lineage> Engine::lineage(uint32_t pid) const {
    const std::lock_guard state(state_mutex_);
    return find_lineage(mirror_, pid);
}

boost::json::object Engine::variables(size_t max) const {
    const std::lock_guard state(state_mutex_);
    boost::json::object out;
    store_.show(*book_->variables, clock_ns_, max, [&out](const VariableStore::Shown& shown) {
        boost::json::object* into = &out;
        const auto step = [&into](std::string_view name) {
            boost::json::value& next = (*into)[name];
            if (!next.is_object())
                next = boost::json::object();
            into = &next.get_object();
        };
        step(secl::to_string(shown.variable.scope));
        if (shown.variable.scope != secl::Scope::kGlobal)
            step(json_text(shown.scope_label));
        (*into)[json_text(shown.variable.name)] =
            variable_json(shown.variable, shown.strings, shown.ints);
    });
    return out;
}

}  // namespace vedette::engine
