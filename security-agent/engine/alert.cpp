// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/alert.h"

#include <boost/json/serialize.hpp>
#include <span>

#include "security-agent/engine/json_fields.h"
#include "security-agent/engine/process_json.h"
#include "security-agent/engine/workload_json.h"

namespace vedette::engine {
namespace {

using object = JsonObject;

/// About what each process of the lineage takes: text that grows is moved.
constexpr size_t kProcessBytes = 3072;
/// What stands before and behind it, mostly.
constexpr size_t kOtherBytes = 1024;

constexpr std::string_view kCredentials[] = {"credentials"};

/// "key:value", then its product tags.
JsonArray tags_json(const policy::RuleInfo& rule) {
    JsonArray tags;
    for (const auto& [key, value] : rule.tags)
        tags.push_back(key + ":" + value);
    for (const std::string& tag : rule.product_tags)
        tags.push_back(tag);
    return tags;
}

object matched_rule_json(const policy::RuleInfo& rule) {
    object out;
    put_text(out, "id", rule.id);
    put_text(out, "version", rule.version);
    if (const JsonArray tags = tags_json(rule); !tags.empty())
        out["tags"] = tags;
    put_text(out, "policy_name", rule.policy_name);
    put_text(out, "policy_version", rule.policy_version);
    return out;
}

std::string head_of(const AgentFacts& facts, const policy::RuleInfo& rule) {
    object agent;
    put_text(agent, "rule_id", rule.group_id.empty() ? rule.id : rule.group_id);
    if (!rule.group_id.empty())
        put_text(agent, "original_rule_id", rule.id);
    put_text(agent, "rule_version", rule.version);
    put_text(agent, "policy_name", rule.policy_name);
    put_text(agent, "policy_version", rule.policy_version);
    put_host(agent, facts);
    object head;
    head["agent"] = agent;
    head["title"] = rule.description.empty() ? rule.id : rule.description;
    return head.text();
}

void put_variables(object& out, const boost::json::object& variables) {
    if (!variables.empty())
        out["variables"] = JsonText{boost::json::serialize(variables)};
}

object evt_json(const AlertSubject& subject) {
    object out;
    put_text(out, "name", subject.event_name);
    put_text(out, "category", subject.category);
    put_text(out, "outcome", outcome(subject.event));
    put_true(out, "async", subject.event.async());
    put_text(out, "source", subject.source);
    put_text(out, "decided", subject.decided);
    JsonArray rules;
    for (const std::string_view rule : subject.matched)
        rules.push_back(JsonView{rule});
    if (!rules.empty())
        out["matched_rules"] = rules;
    put_variables(out, subject.variables.global);
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

AlertEvent::AlertEvent(const AlertSubject& subject, ProcessTexts& texts) {
    const v1::Event& event = subject.event;
    begin_.reserve(kOtherBytes);
    rest_.reserve(kOtherBytes);
    begin_["evt"] = evt_json(subject);
    put_time(begin_, "date", event.timestamp());
    process_.reserve(kProcessBytes * (subject.ancestors.size() + 2));
    texts.put(process_, subject.process, subject.process.tid() ? event.tid() : 0);
    if (const object credentials = new_credentials_json(event); !credentials.empty())
        process_.insert(kCredentials, object{{"destination", credentials}}.members());
    put_family(process_, subject.parent, subject.ancestors, texts);
    if (subject.process.tid() == 0)
        put_number(process_, "tid", event.tid());
    put_variables(process_, subject.variables.process);
    put_event(rest_, event, subject.process, subject.target, texts);
    put_object(rest_, "usr", user_json(subject.process.credentials()));
    object container = container_json(subject.process.container());
    put_workload(container, subject.workload);
    put_variables(container, subject.variables.container);
    put_object(rest_, "container", container);
    object cgroup = cgroup_json(subject.process.cgroup());
    put_variables(cgroup, subject.variables.cgroup);
    put_object(rest_, "cgroup", cgroup);
}

void AlertEvent::insert(const AlertPath& path, const JsonObject& members) {
    const std::span<const std::string_view> whole(path);
    if (!path.empty() && path.front() == "process")
        process_.insert(whole.subspan(1), members.members());
    else
        rest_.insert(whole, members.members());
}

size_t AlertEvent::size() const {
    constexpr size_t kAround = 16;
    return begin_.members().size() + process_.members().size() + rest_.members().size() + kAround;
}

void AlertEvent::append_members(std::string& out) const {
    (out += begin_.members()) += R"(,"process":)";
    process_.append_to(out);
    if (!rest_.empty())
        (out += ',') += rest_.members();
}

std::string AlertEvent::text() const {
    std::string out;
    out.reserve(size());
    append_members(out += '{');
    out += '}';
    return out;
}

RuleTexts::RuleTexts(const AgentFacts& agent, const policy::RuleInfo& rule)
    : head(head_of(agent, rule)), matched(matched_rule_json(rule).text()) {}

// The event is the same for each rule that matched: its text follows the rule's.
std::string alert_line(std::string_view head, const AlertEvent& event) {
    std::string line;
    line.reserve(head.size() + event.size());
    line += head.substr(0, head.size() - 1);
    event.append_members(line += ',');
    line += '}';
    return line;
}

}  // namespace vedette::engine
