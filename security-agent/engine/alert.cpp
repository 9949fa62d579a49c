// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/alert.h"

#include <boost/json/serialize.hpp>

#include "security-agent/engine/event_json.h"
#include "security-agent/engine/json_fields.h"
#include "security-agent/engine/json_text.h"
#include "security-agent/engine/process_json.h"

namespace vedette::engine {
namespace {

using boost::json::array;
using boost::json::object;

void put_host(object& agent, const AgentFacts& facts) {
    put_text(agent, "version", facts.version);
    put_text(agent, "os", facts.os);
    put_text(agent, "arch", facts.arch);
    put_text(agent, "origin", facts.origin);
    put_text(agent, "kernel_version", facts.kernel_version);
    put_text(agent, "distribution", facts.distribution);
}

array tags_json(const policy::RuleInfo& rule) {
    array tags;
    for (const auto& [key, value] : rule.tags)
        tags.emplace_back(json_text(key + ":" + value));
    for (const std::string& tag : rule.product_tags)
        tags.emplace_back(json_text(tag));
    return tags;
}

object matched_rule_json(const policy::RuleInfo& rule) {
    object out;
    put_text(out, "id", rule.id);
    put_text(out, "version", rule.version);
    put_list(out, "tags", tags_json(rule));
    put_text(out, "policy_name", rule.policy_name);
    put_text(out, "policy_version", rule.policy_version);
    return out;
}

object evt_json(const AlertSubject& subject) {
    object out;
    put_text(out, "name", subject.event_name);
    put_text(out, "category", subject.category);
    put_text(out, "outcome", outcome(subject.event));
    put_true(out, "async", subject.event.async());
    put_text(out, "source", "runtime");
    array rules;
    for (const policy::RuleInfo* rule : subject.matched)
        rules.push_back(matched_rule_json(*rule));
    put_list(out, "matched_rules", rules);
    return out;
}

object user_json(const v1::Credentials& credentials) {
    object out;
    put_text(out, "id", credentials.user());
    put_text(out, "group", credentials.group());
    return out;
}

/// A line about the agent itself.
object internal_line(const AgentFacts& facts, std::string_view rule_id, std::string_view title,
                     int64_t now_ns) {
    object line;
    object agent;
    put_text(agent, "rule_id", rule_id);
    put_host(agent, facts);
    line["agent"] = std::move(agent);
    put_text(line, "title", title);
    line["evt"] = object{{"name", rule_id}};
    put_time(line, "date", static_cast<uint64_t>(now_ns));
    line["service"] = "runtime-security-agent";
    return line;
}

object rule_report_json(const policy::RuleReport& report, const policy::RuleInfo* rule) {
    object out;
    put_text(out, "id", report.id);
    put_text(out, "version", report.version);
    put_text(out, "status", policy::to_string(report.status));
    put_text(out, "message", report.message);
    if (rule) {
        put_text(out, "expression", rule->expression);
        put_list(out, "tags", tags_json(*rule));
    }
    return out;
}

}  // namespace

object event_part(const AlertSubject& subject) {
    object out;
    out["evt"] = evt_json(subject);
    put_time(out, "date", subject.event.timestamp());
    out["process"] = process_tree_json(subject.process, subject.parent, subject.ancestors);
    if (subject.event.tid())
        out["process"].as_object()["tid"] = subject.event.tid();
    put_event(out, subject.event, subject.process);
    put_object(out, "usr", user_json(subject.process.credentials()));
    put_object(out, "container", container_json(subject.process.container()));
    put_object(out, "cgroup", cgroup_json(subject.process.cgroup()));
    return out;
}

std::string alert_line(const AgentFacts& facts, const policy::RuleInfo& rule, const object& event) {
    object agent;
    put_text(agent, "rule_id", rule.group_id.empty() ? rule.id : rule.group_id);
    if (!rule.group_id.empty())
        put_text(agent, "original_rule_id", rule.id);
    put_text(agent, "rule_version", rule.version);
    put_text(agent, "policy_name", rule.policy_name);
    put_text(agent, "policy_version", rule.policy_version);
    put_host(agent, facts);
    object head;
    head["agent"] = std::move(agent);
    head["title"] = json_text(rule.description.empty() ? rule.id : rule.description);
    // The event is the same for each rule that matched: its text follows the rule's, without being copied first.
    std::string line = boost::json::serialize(head);
    line.back() = ',';
    const std::string rest = boost::json::serialize(event);
    line.append(rest, 1);
    return line;
}

std::string lost_events_line(const AgentFacts& agent, const Losses& losses, int64_t now_ns) {
    object line = internal_line(agent, "lost_events", "Events were lost", now_ns);
    array list;
    uint64_t total = 0;
    for (const auto& [key, count] : losses) {
        list.push_back(object{{"event_type", json_text(key.first)},
                              {"reason", json_text(key.second)},
                              {"count", count}});
        total += count;
    }
    line["total"] = total;
    line["lost"] = std::move(list);
    return boost::json::serialize(line);
}

array policies_json(const policy::CompiledPolicies& policies) {
    std::map<std::pair<uint32_t, uint32_t>, const policy::RuleInfo*> by_report;
    for (const policy::RuleInfo& rule : policies.rules)
        by_report[{rule.policy, rule.report}] = &rule;
    array out;
    for (uint32_t p = 0; p < policies.policies.size(); ++p) {
        const policy::PolicyReport& report = policies.policies[p];
        object entry;
        put_text(entry, "name", report.name);
        put_text(entry, "version", report.version);
        put_text(entry, "source", "file");
        put_text(entry, "status", policy::to_string(report.status));
        put_text(entry, "message", report.message);
        array rules;
        for (uint32_t r = 0; r < report.rules.size(); ++r) {
            const auto info = by_report.find({p, r});
            rules.push_back(rule_report_json(report.rules[r],
                                             info == by_report.end() ? nullptr : info->second));
        }
        entry["rules"] = std::move(rules);
        out.push_back(std::move(entry));
    }
    return out;
}

std::string ruleset_loaded_line(const AgentFacts& agent, const policy::CompiledPolicies& policies,
                                int64_t now_ns) {
    object line = internal_line(agent, "ruleset_loaded", "Policies were loaded", now_ns);
    line["policies"] = policies_json(policies);
    return boost::json::serialize(line);
}

}  // namespace vedette::engine
