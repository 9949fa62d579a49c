// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/internal_events.h"

#include <boost/json/serialize.hpp>

#include "fields.gen.h"
#include "security-agent/engine/json_fields.h"
#include "security-agent/policy/report_json.h"
#include "security-agent/secl/filter_plan.h"

namespace vedette::engine {
namespace {

using object = JsonObject;

/// A line about the agent itself.
object internal_line(const AgentFacts& facts, std::string_view rule_id, std::string_view title,
                     int64_t now_ns) {
    object line;
    object agent;
    put_text(agent, "rule_id", rule_id);
    put_host(agent, facts);
    line["agent"] = agent;
    put_text(line, "title", title);
    line["evt"] = object{{"name", rule_id}};
    put_time(line, "date", static_cast<uint64_t>(now_ns));
    line["service"] = "runtime-security-agent";
    return line;
}

object policy_json(const policy::PolicyReport& report) {
    object out;
    put_text(out, "name", report.name);
    put_text(out, "version", report.version);
    put_text(out, "source", "file");
    put_text(out, "status", policy::to_string(report.status));
    put_text(out, "message", report.message);
    return out;
}

/// What the kernel may drop for these rules (section 4.4).
JsonText filters_json(const policy::CompiledPolicies& policies) {
    std::vector<std::string> ids;
    for (const policy::RuleInfo& rule : policies.rules)
        ids.push_back(rule.id);
    return {boost::json::serialize(
        secl::to_json(secl::plan_filters(policies.bound, ids, field_table())))};
}

JsonText policies_json(const policy::CompiledPolicies& policies) {
    return {boost::json::serialize(policy::policies_json(policies.policies))};
}

JsonArray texts(const std::vector<std::string>& values) {
    JsonArray out;
    for (const std::string& value : values)
        out.push_back(value);
    return out;
}

}  // namespace

std::string lost_events_line(const AgentFacts& agent, const Losses& losses, int64_t now_ns) {
    object line = internal_line(agent, "lost_events", "Events were lost", now_ns);
    JsonArray list;
    uint64_t total = 0;
    for (const auto& [key, figures] : losses) {
        object lost{{"event_type", key.type}, {"reason", key.reason}, {"count", figures.count}};
        if (key.cgroup_id != 0)
            lost["cgroup_id"] = key.cgroup_id;
        put_time(lost, "from", figures.first_time);
        put_time(lost, "to", figures.last_time);
        list.push_back(lost);
        total += figures.count;
    }
    line["total"] = total;
    line["lost"] = list;
    return line.text();
}

std::string ruleset_loaded_line(const AgentFacts& agent, const policy::CompiledPolicies& policies,
                                int64_t now_ns) {
    object line = internal_line(agent, "ruleset_loaded", "Policies were loaded", now_ns);
    line["status"] = "loaded";
    line["policies"] = policies_json(policies);
    line["filters"] = filters_json(policies);
    return line.text();
}

std::string ruleset_failed_line(const AgentFacts& agent, const policy::CompiledPolicies* policies,
                                std::string_view reason, int64_t now_ns) {
    object line = internal_line(agent, "ruleset_loaded",
                                "Policies were not loaded, those before stay in force", now_ns);
    line["status"] = "failed";
    put_text(line, "message", reason);
    line["policies"] = policies ? policies_json(*policies) : JsonText{"[]"};
    return line.text();
}

std::string heartbeat_line(const AgentFacts& agent, const policy::PolicyReport& policy,
                           int64_t now_ns) {
    object line = internal_line(agent, "heartbeat", "A policy is in force", now_ns);
    line["policy"] = policy_json(policy);
    return line.text();
}

std::string self_test_line(const AgentFacts& agent, const SelfTest& test, int64_t now_ns) {
    object line =
        internal_line(agent, "self_test",
                      test.fails.empty() ? "The self-test passed" : "The self-test failed", now_ns);
    line["success"] = texts(test.success);
    line["fails"] = texts(test.fails);
    line["test_events"] = test.events;
    return line.text();
}

std::string integrity_line(const AgentFacts& agent, std::string_view kind, std::string_view error,
                           uint64_t suppressed, const AlertEvent& event, int64_t now_ns) {
    std::string_view title = "A path could not be resolved";
    if (kind == kNoProcessContext)
        title = "The process of an event is not known";
    if (kind == kBrokenLineage)
        title = "The ancestors of a process are not complete";
    object line = internal_line(agent, kind, title, now_ns);
    put_text(line, "error", error);
    put_number(line, "suppressed", suppressed);
    line["triggering_event"] = JsonText{event.text()};
    return line.text();
}

}  // namespace vedette::engine
