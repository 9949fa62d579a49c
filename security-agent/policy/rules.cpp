// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "security-agent/policy/files.h"
#include "security-agent/policy/macros.h"
#include "security-agent/policy/yaml_tree.h"

namespace vedette::policy {
namespace {

using secl::Severity;

bool gives_context(const RuleInfo& rule) {
    return std::find(rule.tags.begin(), rule.tags.end(),
                     std::pair<std::string, std::string>("execution_context", "true")) !=
           rule.tags.end();
}

void append_new(std::vector<ActionDefinition>& actions, std::vector<ActionDefinition> more) {
    for (ActionDefinition& action : more) {
        const bool known =
            std::any_of(actions.begin(), actions.end(), [&](const ActionDefinition& known_action) {
                return same_value(*known_action.node, *action.node);
            });
        if (!known) {
            actions.push_back(std::move(action));
        }
    }
}

// A rule of the default policy keeps its expression unless the option names it alone.
bool takes_expression(const OverrideFields& fields, bool is_default) {
    return fields.expression || (!is_default && (fields.all || !fields.any()));
}

void take_all(RuleInfo& info, RuleDefinition& base, RuleDefinition& rule) {
    info.silent = rule.silent;
    info.priority = rule.priority;
    const auto take = [](std::string& into, std::string& from) {
        if (!from.empty()) {
            into = std::move(from);
        }
    };
    take(info.description, rule.description);
    take(info.version, rule.version);
    take(info.group_id, rule.group_id);
    if (!rule.limiter_token.empty()) {
        base.limiter_token = std::move(rule.limiter_token);
    }
}

}  // namespace

uint32_t RuleCollector::new_report(const RuleDefinition& rule, uint32_t file) {
    RuleReport report;
    report.id = rule.id;
    report.version = rule.version;
    report.expression = rule.expression ? rule.expression->text : "";
    report.tags = rule.tags;
    report.product_tags = rule.product_tags;
    std::vector<RuleReport>& reports = out_.policies[file].rules;
    reports.push_back(std::move(report));
    return static_cast<uint32_t>(reports.size() - 1);
}

void RuleCollector::leave_out(const RuleDefinition& rule, uint32_t file, const std::string& why) {
    RuleReport& report = report_of(file, new_report(rule, file));
    report.status = RuleStatus::kFiltered;
    report.message = why;
}

void RuleCollector::fail(const secl::SourceText& place, RuleReport& report, std::string message) {
    out_.diagnostics.add(Severity::kError, place, {0, 1}, message, "", report.id);
    report.status = RuleStatus::kError;
    report.error = RuleError::kOther;
    report.message = std::move(message);
}

void RuleCollector::add(RuleDefinition rule, uint32_t file) {
    const uint32_t number = new_report(rule, file);
    RuleReport& report = report_of(file, number);
    Verdict verdict =
        rule.ok ? conditions_.check(rule.agent_version, rule.filters, rule.id, out_.diagnostics)
                : Verdict{RuleStatus::kError, RuleError::kOther, rule.error};
    report.status = verdict.status;
    report.error = verdict.error;
    report.message = std::move(verdict.message);
    if (verdict.status != RuleStatus::kLoaded) {
        return;
    }
    const auto it = index_.find(rule.id);
    if (it != index_.end()) {
        return combine(rules_[it->second], std::move(rule), file, number);
    }
    if (!rule.expression && !rule.disabled.value_or(false)) {
        return fail(rule.place, report,
                    "the rule has no 'expression', and there is no rule to override");
    }
    index_.emplace(rule.id, rules_.size());
    define(std::move(rule), file, number);
}

void RuleCollector::define(RuleDefinition rule, uint32_t file, uint32_t report) {
    MergedRule merged;
    RuleInfo& info = merged.info;
    info.id = rule.id;
    info.version = rule.version;
    info.description = rule.description;
    info.group_id = rule.group_id;
    info.tags = rule.tags;
    info.product_tags = rule.product_tags;
    info.policy_name = out_.policies[file].name;
    info.policy_version = out_.policies[file].version;
    info.every_ns = rule.every_ns.value_or(0);
    info.priority = rule.priority;
    info.silent = rule.silent;
    info.policy = file;
    info.report = report;
    merged.is_default = out_.policies[file].name == kDefaultPolicy;
    merged.disabled = rule.disabled.value_or(false);
    merged.definition = std::move(rule);
    rules_.push_back(std::move(merged));
}

// A later definition of the same id.
void RuleCollector::combine(MergedRule& base, RuleDefinition rule, uint32_t file, uint32_t report) {
    const std::string origin = where(base.definition.place);
    RuleReport& own = report_of(file, report);
    if (rule.combine != Combine::kOverride && !rule.disabled.has_value()) {
        out_.diagnostics.add(
            Severity::kWarning, rule.place, {0, 1},
            fmt::format("rule '{}' is already defined at {}: the first definition counts", rule.id,
                        origin),
            "add 'combine: override', or choose another id", rule.id);
        own.status = RuleStatus::kFiltered;
        own.message = fmt::format("already defined in {}", base.info.policy_name);
        return;
    }
    base.disabled =
        rule.disabled.value_or(rule.combine == Combine::kOverride ? false : base.disabled);
    base.info.changed_by.emplace_back(file, report);
    own.message = fmt::format("changes the rule of {}", base.info.policy_name);
    if (rule.combine != Combine::kOverride) {
        return;
    }
    const OverrideFields& fields = rule.override_fields;
    if (takes_expression(fields, base.is_default) && rule.expression) {
        base.definition.expression = std::move(rule.expression);
    }
    if (fields.all || fields.actions) {
        append_new(base.definition.actions, std::move(rule.actions));
    }
    if ((fields.all || fields.every) && rule.every_ns) {
        base.info.every_ns = *rule.every_ns;
    }
    if ((fields.all || fields.tags) && rule.has_tags) {
        base.info.tags = std::move(rule.tags);
    }
    if ((fields.all || fields.product_tags) && rule.has_product_tags) {
        base.info.product_tags = std::move(rule.product_tags);
    }
    if (fields.all) {
        take_all(base.info, base.definition, rule);
    }
}

void RuleCollector::finish() {
    std::sort(rules_.begin(), rules_.end(), [](const MergedRule& a, const MergedRule& b) {
        const auto rank = [](const MergedRule& rule) {
            return std::make_tuple(!gives_context(rule.info), !rule.is_default, -rule.info.priority,
                                   std::string_view(rule.info.id));
        };
        return rank(a) < rank(b);
    });
    for (MergedRule& rule : rules_) {
        emit(rule);
    }
    rules_.clear();
    index_.clear();
}

void RuleCollector::emit(MergedRule& rule) {
    RuleReport& report = report_of(rule.info.policy, rule.info.report);
    for (const auto& [file, number] : rule.info.changed_by) {
        report.modified_by.push_back(file);
    }
    if (rule.disabled) {
        report.status = RuleStatus::kFiltered;
        report.message = "disabled";
        for (const auto& [file, number] : rule.info.changed_by) {
            report_of(file, number).status = RuleStatus::kFiltered;
            report_of(file, number).message = "disabled";
        }
        return;
    }
    if (!rule.definition.expression) {
        return fail(rule.definition.place, report, "the rule has no 'expression'");
    }
    rule.info.expression = rule.definition.expression->text;
    report.version = rule.info.version;
    report.expression = rule.info.expression;
    report.tags = rule.info.tags;
    report.product_tags = rule.info.product_tags;
    for (const ActionDefinition& action : rule.definition.actions) {
        report.actions.push_back(action.node);
    }
    for (const secl::SourceText& field : rule.definition.limiter_token) {
        rule.info.limiter_token.push_back(field.text);
    }
    out_.rule_sources.push_back({rule.info.id, std::move(*rule.definition.expression)});
    out_.parts.push_back({std::move(rule.definition.place), std::move(rule.definition.actions),
                          std::move(rule.definition.limiter_token), rule.is_default});
    out_.rules.push_back(std::move(rule.info));
}

}  // namespace vedette::policy
