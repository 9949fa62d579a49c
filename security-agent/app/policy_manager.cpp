// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/policy_manager.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "fields.gen.h"
#include "security-agent/policy/loader.h"

namespace vedette::app {
namespace {

bool is_broken(const policy::PolicyReport& report) {
    return report.status == policy::PolicyStatus::kError;
}

size_t loaded_rules(const policy::CompiledPolicies& policies) {
    size_t count = 0;
    for (const policy::PolicyReport& report : policies.policies)
        count += static_cast<size_t>(std::count_if(
            report.rules.begin(), report.rules.end(), [](const policy::RuleReport& rule) {
                return rule.status == policy::RuleStatus::kLoaded;
            }));
    return count;
}

}  // namespace

PolicyManager::PolicyManager(std::string directory, engine::Engine& engine, Metrics& metrics,
                             Logger& logger, std::shared_ptr<Health::Component> health)
    : directory_(std::move(directory)),
      engine_(engine),
      logger_(logger),
      health_(std::move(health)),
      rules_(metrics.gauge("vedette_agent_rules", "Rules in force.")),
      loads_(metrics.counter("vedette_agent_policy_loads_total", "Policies loaded or reloaded.")),
      failures_(metrics.counter("vedette_agent_policy_load_failures_total",
                                "Loads that left the previous rules in force.")) {}

void PolicyManager::load() {
    const std::lock_guard lock(loading_);
    policy::LoadOptions options;
    options.host = policy::current_host_facts();
    Result<policy::LoadedPolicies> loaded = policy::load_policies(directory_, options);
    if (!loaded)
        return refuse(loaded.error().message);
    auto compiled = std::make_shared<const policy::CompiledPolicies>(
        policy::compile_policies(std::move(*loaded), engine::field_table()));
    report(*compiled);
    const auto broken =
        std::find_if(compiled->policies.begin(), compiled->policies.end(), is_broken);
    if (loaded_ && broken != compiled->policies.end())
        return refuse("policy '" + broken->name + "' cannot be loaded");
    const size_t rules = loaded_rules(*compiled);
    rules_.Set(static_cast<double>(rules));
    loads_.Increment();
    loaded_ = true;
    engine_.set_policies(std::move(compiled));
    if (rules == 0) {
        logger_.warn("no rule is in force: there are none in '{}'", directory_);
        return health_->fail();
    }
    health_->beat();
    logger_.info("{} rules are in force, from '{}'", rules, directory_);
}

void PolicyManager::refuse(const std::string& reason) {
    failures_.Increment();
    if (loaded_)
        logger_.error("policies were not reloaded, the previous rules stay in force: {}", reason);
    else
        logger_.error("no rule is in force: {}; put it right and send SIGHUP", reason);
    if (!loaded_)
        health_->fail();
}

void PolicyManager::report(const policy::CompiledPolicies& policies) {
    for (const secl::Diagnostic& diagnostic : policies.diagnostics.items()) {
        const bool error = diagnostic.severity == secl::Severity::kError;
        std::istringstream lines(secl::render(diagnostic));
        for (std::string line; std::getline(lines, line);)
            logger_.log(error ? spdlog::level::err : spdlog::level::warn, "{}", line);
    }
}

}  // namespace vedette::app
