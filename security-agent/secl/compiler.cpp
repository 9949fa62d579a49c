// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/compiler.h"

#include <algorithm>
#include <map>
#include <optional>

#include "security-agent/secl/binder.h"
#include "security-agent/secl/parser.h"
#include "security-agent/secl/predicate_index.h"

namespace vedette::secl {
namespace {

std::optional<BoundRule> bound(const RuleSource& rule, const MacroTable& macros,
                               const FieldNames& names, EventNeed need, Diagnostics& diagnostics) {
    const ast::NodePtr root = parse_expression(rule.expression, diagnostics, rule.id);
    return root ? bind_rule(rule, *root, macros, names, need, diagnostics) : std::nullopt;
}

std::string first_error(const Diagnostics& diagnostics) {
    const auto& items = diagnostics.items();
    const auto it = std::find_if(items.begin(), items.end(), [](const Diagnostic& d) {
        return d.severity == Severity::kError;
    });
    return it == items.end() ? std::string() : it->message;
}

}  // namespace

CompiledRules compile_rules(std::span<const RuleSource> rules, std::span<const MacroSource> macros,
                            const FieldTable& fields) {
    CompiledRules out;
    const FieldNames names(fields);
    const MacroTable macro_table(macros, out.diagnostics);
    for (uint32_t number = 0; number < rules.size(); ++number) {
        Diagnostics own;  // apart: what the first rule said of a macro is also true of the next
        RuleOutcome outcome;
        auto rule = bound(rules[number], macro_table, names, EventNeed::kExactlyOne, own);
        if (rule) {
            outcome.ok = true;
            outcome.event = rule->event;
            out.bound.push_back({number, std::move(*rule)});
        } else {
            outcome.message = first_error(own);
        }
        out.outcomes.push_back(std::move(outcome));
        out.diagnostics.append(own);
    }
    std::map<EventTypeId, std::vector<const NumberedRule*>> by_type;
    for (const NumberedRule& rule : out.bound) {
        by_type[rule.rule.event].push_back(&rule);
    }
    std::vector<RuleSet::TypeIndex> indexes;
    for (const auto& [type, list] : by_type) {
        indexes.push_back({type, build_index(list)});
    }
    out.rules = std::make_shared<const RuleSet>(std::move(indexes));
    return out;
}

std::shared_ptr<const RuleSet> compile_condition(const RuleSource& condition,
                                                 const FieldTable& fields,
                                                 Diagnostics& diagnostics) {
    const FieldNames names(fields);
    const MacroTable no_macros({}, diagnostics);
    auto rule = bound(condition, no_macros, names, EventNeed::kNone, diagnostics);
    if (!rule) {
        return nullptr;
    }
    const NumberedRule only{0, std::move(*rule)};
    const NumberedRule* const list[] = {&only};
    std::vector<RuleSet::TypeIndex> indexes;
    indexes.push_back({kAnyEvent, build_index(list)});
    return std::make_shared<const RuleSet>(std::move(indexes));
}

bool check_expression(const RuleSource& expression, std::span<const MacroSource> macros,
                      const FieldTable& fields, Diagnostics& diagnostics) {
    const FieldNames names(fields);
    Diagnostics of_macros;  // already reported with the rules
    const MacroTable macro_table(macros, of_macros);
    return bound(expression, macro_table, names, EventNeed::kNone, diagnostics).has_value();
}

}  // namespace vedette::secl
