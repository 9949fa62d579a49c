// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/policy_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "security-agent/policy/actions.h"
#include "security-agent/policy/yaml_fields.h"

namespace vedette::policy {
namespace {

using File = YamlFields::File;
using secl::Diagnostics;

// Ids of events of our own: a rule must not speak in their name.
constexpr std::array<std::string_view, 12> kReservedIds = {
    "ruleset_loaded",         "heartbeat",         "lost_events",
    "abnormal_path",          "self_test",         "no_process_context",
    "broken_process_lineage", "anomaly_detection", "noisy_process",
    "internal_core_dump",     "failed_dns",        "custom_event"};

bool is_id(std::string_view id) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    return id.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::string read_id(YamlFields& fields, std::string_view what) {
    const auto id = fields.text("id");
    if (!id || id->empty()) {
        fields.error(fields.offset_of("id"), fmt::format("{} needs an 'id'", what));
        return {};
    }
    fields.set_subject(*id);
    if (!is_id(*id)) {
        fields.error(fields.offset_of("id"), fmt::format("'{}' is no id", *id),
                     "letters, digits and '_' only", static_cast<uint32_t>(id->size()));
    }
    return *id;
}

Combine read_combine(YamlFields& fields, bool merge_allowed) {
    const auto combine = merge_allowed ? fields.word("combine", {"merge", "override"})
                                       : fields.word("combine", {"override"});
    return !combine ? Combine::kNone : *combine == "merge" ? Combine::kMerge : Combine::kOverride;
}

MacroDefinition read_macro(const File& file, const YamlNode& node, Diagnostics& diagnostics) {
    YamlFields fields(file, node, "a macro", diagnostics);
    MacroDefinition macro;
    macro.place = place_in(file, node.offset);
    if (node.kind == YamlNode::Kind::kMap) {
        macro.id = read_id(fields, "a macro");
        macro.expression = fields.source("expression");
        macro.values = fields.texts("values");
        fields.text("description");
        macro.agent_version = fields.source("agent_version");
        macro.filters = fields.sources("filters");
        macro.combine = read_combine(fields, true);
        fields.finish();
        if (macro.expression.has_value() == fields.has("values")) {
            fields.error(node.offset, "a macro needs exactly one of 'expression' and 'values'");
        }
    }
    macro.ok = fields.ok();
    return macro;
}

OverrideFields read_override_options(const File& file, YamlFields& rule, Diagnostics& diagnostics) {
    OverrideFields out;
    const YamlNodePtr node = rule.node("override_options");
    if (!node || node->kind == YamlNode::Kind::kNull) {
        return out;
    }
    struct Name {
        std::string_view name;
        bool OverrideFields::* member;
    };
    static constexpr std::array kNames = {Name{"all", &OverrideFields::all},
                                          Name{"expression", &OverrideFields::expression},
                                          Name{"actions", &OverrideFields::actions},
                                          Name{"every", &OverrideFields::every},
                                          Name{"tags", &OverrideFields::tags},
                                          Name{"product_tags", &OverrideFields::product_tags}};
    YamlFields fields(file, *node, "override_options", diagnostics);
    for (const std::string& name : fields.texts("fields")) {
        const auto* known = std::find_if(kNames.begin(), kNames.end(),
                                         [&](const Name& n) { return n.name == name; });
        if (known == kNames.end()) {
            fields.error(fields.offset_of("fields"), fmt::format("'{}' cannot be overridden", name),
                         "fields are: all, expression, actions, every, tags, product_tags");
        } else {
            out.*known->member = true;
        }
    }
    fields.finish();
    if (!fields.ok()) {
        rule.fail(fields.first_error());
    }
    return out;
}

RuleDefinition read_rule(const File& file, const YamlNode& node, Diagnostics& diagnostics) {
    YamlFields fields(file, node, "a rule", diagnostics);
    RuleDefinition rule;
    rule.place = place_in(file, node.offset);
    if (node.kind == YamlNode::Kind::kMap) {
        rule.id = read_id(fields, "a rule");
        if (std::find(kReservedIds.begin(), kReservedIds.end(), rule.id) != kReservedIds.end()) {
            fields.error(fields.offset_of("id"),
                         fmt::format("'{}' is the id of an event of the agent itself", rule.id),
                         "choose another id");
        }
        rule.version = fields.text("version").value_or("");
        rule.description = fields.text("description").value_or("");
        rule.group_id = fields.text("group_id").value_or("");
        rule.expression = fields.source("expression");
        rule.has_tags = fields.has("tags");
        rule.tags = fields.text_map("tags");
        rule.has_product_tags = fields.has("product_tags");
        rule.product_tags = fields.texts("product_tags");
        rule.agent_version = fields.source("agent_version");
        rule.filters = fields.sources("filters");
        rule.disabled = fields.boolean("disabled");
        rule.combine = read_combine(fields, false);
        rule.override_fields = read_override_options(file, fields, diagnostics);
        rule.actions = read_actions(file, fields, rule.id, diagnostics);
        rule.every_ns = fields.duration("every");
        rule.limiter_token = fields.sources("limiter_token");
        rule.silent = fields.boolean("silent").value_or(false);
        rule.priority = fields.integer("priority").value_or(0);
        fields.finish();
        const bool needs_expression = !rule.disabled.has_value() && rule.combine == Combine::kNone;
        if (!rule.expression && needs_expression && fields.ok()) {
            fields.error(node.offset, "the rule has no 'expression'");
        }
    }
    rule.ok = fields.ok();
    rule.error = fields.first_error();
    return rule;
}

}  // namespace

PolicyFile read_policy(const File& file, Diagnostics& diagnostics) {
    PolicyFile policy;
    Diagnostics own;
    const YamlNodePtr root = read_yaml(file, own);
    if (!root) {
        policy.error = own.items().empty() ? "not a policy" : own.items().front().message;
        diagnostics.append(own);
        return policy;
    }
    if (root->kind == YamlNode::Kind::kNull) {
        policy.readable = true;  // empty: said by the loader
        return policy;
    }
    YamlFields fields(file, *root, "a policy", own);
    if (root->kind == YamlNode::Kind::kMap) {
        policy.readable = true;
        policy.version = fields.text("version").value_or("");
        policy.type = fields.word("type", {"policy", "content_pack"}).value_or(policy.type);
        if (auto id = fields.text("replace_policy_id")) {
            policy.replaces =
                Replacement{std::move(*id), place_in(file, fields.offset_of("replace_policy_id"))};
        }
        for (const YamlNodePtr& macro : fields.list("macros")) {
            policy.macros.push_back(read_macro(file, *macro, own));
        }
        for (const YamlNodePtr& rule : fields.list("rules")) {
            policy.rules.push_back(read_rule(file, *rule, own));
        }
        fields.finish();
    }
    policy.keys_ok = fields.ok();
    policy.error = fields.first_error();
    diagnostics.append(own);
    return policy;
}

}  // namespace vedette::policy
