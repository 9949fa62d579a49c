// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/alert.h"

#include <boost/json/serialize.hpp>
#include <utility>

#include "common/json_text.h"
#include "security-agent/engine/json_fields.h"
#include "security-agent/engine/process_json.h"
#include "security-agent/engine/workload_json.h"

namespace vedette::engine {
namespace {

using boost::json::array;
using boost::json::object;

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
    put_text(out, "source", subject.source);
    put_text(out, "decided", subject.decided);
    array rules;
    for (const policy::RuleInfo* rule : subject.matched)
        rules.push_back(matched_rule_json(*rule));
    put_list(out, "matched_rules", rules);
    put_object(out, "variables", subject.variables.global);
    return out;
}

object user_json(const v1::Credentials& credentials) {
    object out;
    put_text(out, "id", credentials.user());
    put_text(out, "group", credentials.group());
    return out;
}

}  // namespace

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

object event_part(const AlertSubject& subject) {
    object out;
    out["evt"] = evt_json(subject);
    put_time(out, "date", subject.event.timestamp());
    out["process"] = process_tree_json(subject.process, subject.parent, subject.ancestors);
    if (subject.event.tid())
        out["process"].as_object()["tid"] = subject.event.tid();
    put_object(out["process"].as_object(), "variables", subject.variables.process);
    put_event(out, subject.event, subject.process, subject.target);
    put_object(out, "usr", user_json(subject.process.credentials()));
    object container = container_json(subject.process.container());
    put_workload(container, subject.workload);
    put_object(container, "variables", subject.variables.container);
    put_object(out, "container", std::move(container));
    object cgroup = cgroup_json(subject.process.cgroup());
    put_object(cgroup, "variables", subject.variables.cgroup);
    put_object(out, "cgroup", std::move(cgroup));
    return out;
}

std::string alert_head(const AgentFacts& facts, const policy::RuleInfo& rule) {
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
    return boost::json::serialize(head);
}

// The event is the same for each rule that matched: its text follows the rule's, without being copied first.
std::string alert_line(std::string_view head, const object& event) {
    std::string line(head);
    line.back() = ',';
    const std::string rest = boost::json::serialize(event);
    line.append(rest, 1);
    return line;
}

}  // namespace vedette::engine
