// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/report_json.h"

#include <boost/json/object.hpp>

#include "security-agent/policy/literals.h"
#include "security-agent/policy/yaml_tree.h"
#include "security-agent/secl/diagnostics_json.h"

namespace vedette::policy {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using secl::valid_utf8;

void put(object& out, std::string_view key, std::string_view text) {
    if (!text.empty()) {
        out[key] = valid_utf8(text);
    }
}

value to_json(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::kNull:
            return object();  // an action with nothing to say: "hash:"
        case YamlNode::Kind::kScalar:
            if (node.plain && (node.scalar == "true" || node.scalar == "false")) {
                return node.scalar == "true";
            }
            if (const auto number = node.plain ? parse_yaml_integer(node.scalar) : std::nullopt) {
                return *number;
            }
            return value(valid_utf8(node.scalar));
        case YamlNode::Kind::kList: {
            array out;
            for (const YamlNodePtr& item : node.items) {
                out.push_back(to_json(*item));
            }
            return out;
        }
        case YamlNode::Kind::kMap: {
            object out;
            for (const YamlEntry& entry : node.entries) {
                out[valid_utf8(entry.key->scalar)] = to_json(*entry.value);
            }
            return out;
        }
    }
    return nullptr;
}

object rule_json(const RuleReport& rule, std::span<const PolicyReport> policies) {
    object out;
    out["id"] = valid_utf8(rule.id);
    out["version"] = valid_utf8(rule.version);
    out["status"] = to_string(rule.status);
    put(out, "type", to_string(rule.error));
    out["message"] = valid_utf8(rule.message);
    put(out, "expression", rule.expression);
    if (!rule.tags.empty()) {
        object tags;
        for (const auto& [key, text] : rule.tags) {
            tags[valid_utf8(key)] = valid_utf8(text);
        }
        out["tags"] = std::move(tags);
    }
    if (!rule.product_tags.empty()) {
        array tags;
        for (const std::string& tag : rule.product_tags) {
            tags.emplace_back(valid_utf8(tag));
        }
        out["product_tags"] = std::move(tags);
    }
    if (!rule.actions.empty()) {
        array actions;
        for (const YamlNodePtr& action : rule.actions) {
            actions.push_back(to_json(*action));
        }
        out["actions"] = std::move(actions);
    }
    if (!rule.modified_by.empty()) {
        array by;
        for (const uint32_t policy : rule.modified_by) {
            object one{{"name", valid_utf8(policies[policy].name)}, {"source", "file"}};
            put(one, "version", policies[policy].version);
            by.push_back(std::move(one));
        }
        out["modified_by"] = std::move(by);
    }
    return out;
}

}  // namespace

array policies_json(std::span<const PolicyReport> policies) {
    array out;
    for (const PolicyReport& policy : policies) {
        object entry;
        entry["name"] = valid_utf8(policy.name);
        entry["version"] = valid_utf8(policy.version);
        entry["source"] = "file";
        put(entry, "path", policy.path);
        if (policy.type != "policy") {
            put(entry, "type", policy.type);
        }
        entry["status"] = to_string(policy.status);
        entry["message"] = valid_utf8(policy.message);
        array rules;
        for (const RuleReport& rule : policy.rules) {
            rules.push_back(rule_json(rule, policies));
        }
        entry["rules"] = std::move(rules);
        out.push_back(std::move(entry));
    }
    return out;
}

}  // namespace vedette::policy
