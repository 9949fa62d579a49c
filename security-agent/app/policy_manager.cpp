// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/policy_manager.h"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <utility>

#include "fields.gen.h"
#include "security-agent/engine/filter_message.h"
#include "security-agent/policy/loader.h"
#include "security-agent/secl/diagnostics_json.h"

namespace vedette::app {
namespace {

using boost::json::object;

constexpr size_t kMaxWarningsLogged = 20;

bool is_broken(const policy::PolicyReport& report) {
    return report.status == policy::PolicyStatus::kError;
}

int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// Rules that are in force are counted once, however many files had a part in them.
void count(const policy::CompiledPolicies& compiled, LoadOutcome& outcome) {
    outcome.policies = compiled.policies.size();
    outcome.loaded = compiled.rules.size();
    outcome.errors = compiled.diagnostics.errors();
    outcome.warnings = compiled.diagnostics.warnings();
    for (const policy::PolicyReport& report : compiled.policies)
        for (const policy::RuleReport& rule : report.rules) {
            outcome.filtered += rule.status == policy::RuleStatus::kFiltered ? 1 : 0;
            outcome.failed += rule.status == policy::RuleStatus::kError ? 1 : 0;
        }
}

}  // namespace

PolicyManager::PolicyManager(PolicyOptions options, engine::Engine& engine, Metrics& metrics,
                             Logger& logger, std::shared_ptr<Health::Component> health)
    : options_(std::move(options)),
      engine_(engine),
      logger_(logger),
      health_(std::move(health)),
      rules_(metrics.gauge("vedette_agent_rules", "Rules in force.")),
      last_ok_(metrics.gauge("vedette_agent_policy_last_load_ok",
                             "1 when the last load took effect, 0 when it was refused.")),
      loads_(metrics.counter("vedette_agent_policy_loads_total", "Policies loaded or reloaded.")),
      failures_(metrics.counter("vedette_agent_policy_load_failures_total",
                                "Loads that left the previous rules in force.")) {}

LoadOutcome PolicyManager::load(std::string_view trigger) {
    const std::lock_guard lock(loading_);
    LoadOutcome outcome = read();
    outcome.trigger = trigger;
    outcome.time_ns = now_ns();
    if (outcome.message.empty())
        take(outcome);
    else
        refuse(outcome);
    last_ok_.Set(outcome.in_force ? 1 : 0);
    return outcome;
}

PolicyManagerStatus PolicyManager::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

// A message means: not to be taken.
LoadOutcome PolicyManager::read() {
    LoadOutcome outcome;
    policy::LoadOptions options;
    options.agent_version = options_.emulated_version;
    options.host = policy::current_host_facts();
    Result<policy::LoadedPolicies> loaded = policy::load_policies(options_.directory, options);
    if (!loaded) {
        outcome.message = loaded.error().message;
        return outcome;
    }
    outcome.compiled = std::make_shared<const policy::CompiledPolicies>(
        policy::compile_policies(std::move(*loaded), engine::field_table()));
    const policy::CompiledPolicies& compiled = *outcome.compiled;
    count(compiled, outcome);
    report(compiled);
    const auto broken = std::find_if(compiled.policies.begin(), compiled.policies.end(), is_broken);
    if (status().in_force_since_ns != 0 && broken != compiled.policies.end())
        outcome.message =
            fmt::format("policy '{}' cannot be loaded: {}", broken->name, broken->message);
    return outcome;
}

void PolicyManager::take(LoadOutcome& outcome) {
    outcome.in_force = true;
    rules_.Set(static_cast<double>(outcome.loaded));
    loads_.Increment();
    {
        const std::lock_guard lock(mutex_);
        status_.last = outcome;
        status_.rules_in_force = outcome.loaded;
        status_.in_force_since_ns = outcome.time_ns;
        ++status_.loads;
    }
    // What either set of rules needs is collected before the new one is evaluated, and the old one's alone no longer after.
    v1::FilterPlan needed = engine::filter_message(*outcome.compiled);
    engine_.set_plan(0);
    collect(engine::either(collected_, needed), true);
    engine_.set_policies(outcome.compiled);
    collected_ = std::move(needed);
    collect_for_rules(false);
    if (outcome.loaded == 0) {
        logger_.warn("no rule is in force: there are none in '{}'", options_.directory);
        return health_->fail();
    }
    health_->beat();
    logger_.info("{} rules are in force, from '{}'", outcome.loaded, options_.directory);
}

void PolicyManager::collect(v1::FilterPlan plan, bool wait) {
    if (!options_.collect)
        return;
    plan = engine::either(plan, also_);
    if (lifecycle_)
        plan = engine::either(plan, engine::whole_lifecycle());
    plan.set_revision(++revision_);
    plan.set_lifecycle(true);
    options_.collect(std::move(plan), wait);
}

// What no rule of the loaded ones can match may be discarded by the kernel, unless others have a use for it.
void PolicyManager::collect_for_rules(bool wait) {
    const bool alone = also_.types().empty();
    engine_.set_plan(alone ? revision_ + 1 : 0);
    collect(collected_, wait);
}

void PolicyManager::also_collect(v1::FilterPlan plan) {
    const std::lock_guard lock(loading_);
    also_ = std::move(plan);
    collect_for_rules(true);
}

void PolicyManager::deliver_lifecycle(bool all) {
    const std::lock_guard lock(loading_);
    if (std::exchange(lifecycle_, all) != all)
        collect_for_rules(all);
}

void PolicyManager::refuse(LoadOutcome& outcome) {
    failures_.Increment();
    {
        const std::lock_guard lock(mutex_);
        outcome.kept_previous = status_.in_force_since_ns != 0;
        status_.last = outcome;
        ++status_.refused;
    }
    if (outcome.kept_previous) {
        logger_.error("policies were not reloaded, the previous rules stay in force: {}",
                      outcome.message);
    } else {
        logger_.error("no rule is in force: {}; put it right and send SIGHUP", outcome.message);
        health_->fail();
    }
    engine_.load_failed(outcome.compiled, outcome.message);
}

// Errors with their source lines; of warnings, which a policy written for a larger probe has by the hundred, the first
// line of a few.
void PolicyManager::report(const policy::CompiledPolicies& policies) {
    size_t warnings = 0;
    for (const secl::Diagnostic& diagnostic : policies.diagnostics.items()) {
        const bool error = diagnostic.severity == secl::Severity::kError;
        warnings += error ? 0 : 1;
        if (!error && warnings > kMaxWarningsLogged)
            continue;
        std::istringstream lines(secl::render(diagnostic));
        for (std::string line; std::getline(lines, line);) {
            logger_.log(error ? spdlog::level::err : spdlog::level::warn, "{}", line);
            if (!error)
                break;
        }
    }
    if (warnings > kMaxWarningsLogged)
        logger_.warn("{} more warnings: 'security-agent runtime policy check' shows them",
                     warnings - kMaxWarningsLogged);
}

object to_json(const LoadOutcome& outcome) {
    return object{{"in_force", outcome.in_force},
                  {"kept_previous", outcome.kept_previous},
                  {"trigger", secl::valid_utf8(outcome.trigger)},
                  {"message", secl::valid_utf8(outcome.message)},
                  {"time", outcome.time_ns},
                  {"policies", outcome.policies},
                  {"rules", object{{"loaded", outcome.loaded},
                                   {"filtered", outcome.filtered},
                                   {"failed", outcome.failed}}},
                  {"errors", outcome.errors},
                  {"warnings", outcome.warnings}};
}

object to_json(const PolicyManagerStatus& status) {
    return object{{"last", to_json(status.last)},
                  {"rules_in_force", status.rules_in_force},
                  {"since", status.in_force_since_ns},
                  {"loads", status.loads},
                  {"refused", status.refused}};
}

}  // namespace vedette::app
