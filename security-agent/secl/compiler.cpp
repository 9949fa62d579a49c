// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/compiler.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

#include "security-agent/secl/analysis.h"
#include "security-agent/secl/binder.h"
#include "security-agent/secl/parser.h"
#include "security-agent/secl/predicate_index.h"
#include "security-agent/secl/string_matcher.h"

namespace vedette::secl {
namespace {

std::string first_error(const Diagnostics& diagnostics) {
    const auto& items = diagnostics.items();
    const auto it = std::find_if(items.begin(), items.end(), [](const Diagnostic& d) {
        return d.severity == Severity::kError;
    });
    return it == items.end() ? std::string() : it->message;
}

// Tests of an expression that is evaluated again and again by walking it: literals are made ready once.
void prepare(Condition& condition) {
    if (condition.test) {
        if (auto* set = std::get_if<StringSet>(condition.test.get())) {
            std::vector<StringMatcher::Entry> entries;
            for (const StringLiteral& literal : set->literals) {
                entries.push_back({literal, {0}});
            }
            set->matcher = std::make_shared<const StringMatcher>(
                std::move(entries), set->read.field->matching == Matching::kCaseInsensitive);
        }
    }
    for (Condition& child : condition.children) {
        prepare(child);
    }
}

std::shared_ptr<const RuleSet> index_of(std::span<const NumberedRule> rules) {
    std::map<EventTypeId, std::vector<const NumberedRule*>> by_type;
    for (const NumberedRule& rule : rules) {
        by_type[rule.rule.event].push_back(&rule);
    }
    std::vector<RuleSet::TypeIndex> indexes;
    for (const auto& [type, list] : by_type) {
        indexes.push_back({type, build_index(list)});
    }
    return std::make_shared<const RuleSet>(std::move(indexes));
}

}  // namespace

struct Compiler::Impl {
    Impl(const FieldTable& table, std::span<const MacroSource> sources,
         const VariableTable& variables)
        : fields(table),
          macros(sources, macro_diagnostics),
          names{macros, fields, variables, templates} {}

    // One rule as the bound rules it stands for; none after an error.
    std::vector<BoundRule> bind(const RuleSource& rule, Diagnostics& diagnostics) {
        std::vector<BoundRule> out;
        const ast::NodePtr root = parse_expression(rule.expression, diagnostics, rule.id);
        if (!root) {
            return out;
        }
        if (!uses_fim(*root)) {
            if (auto one = bind_rule(rule, *root, names, {}, diagnostics)) {
                out.push_back(std::move(*one));
            }
            return out;
        }
        for (const FimVariant& variant : kFimVariants) {
            BindFor use;
            use.fim = &variant;
            Diagnostics own;
            auto one = bind_rule(rule, *root, names, use, own);
            if (!one || out.empty()) {
                diagnostics.append(own);  // the others would say the same of the same text
            }
            if (!one) {
                return {};
            }
            out.push_back(std::move(*one));
        }
        return out;
    }

    std::shared_ptr<const Expression> expression(const RuleSource& source, EventTypeId event,
                                                 bool condition, Diagnostics& diagnostics) {
        const ast::NodePtr root = condition
                                      ? parse_expression(source.expression, diagnostics, source.id)
                                      : parse_macro(source.expression, diagnostics, source.id);
        if (!root) {
            return nullptr;
        }
        const BindFor use{EventNeed::kNone, event, nullptr};
        BoundValue value;
        if (condition) {
            auto rule = bind_rule(source, *root, names, use, diagnostics);
            if (!rule) {
                return nullptr;
            }
            value = {rule->event, std::move(rule->condition), std::move(rule->registers),
                     std::move(rule->templates)};
        } else {
            auto bound = bind_value(source, *root, names, use, diagnostics);
            if (!bound) {
                return nullptr;
            }
            value = std::move(*bound);
        }
        if (auto* test = std::get_if<Condition>(&value.value)) {
            prepare(*test);
        }
        return std::make_shared<const Expression>(std::move(value));
    }

    FieldNames fields;
    Diagnostics macro_diagnostics;
    MacroTable macros;
    TemplateTable templates;
    Names names;
};

Compiler::Compiler(const FieldTable& fields, std::span<const MacroSource> macros,
                   const VariableTable& variables)
    : impl_(std::make_unique<Impl>(fields, macros, variables)) {}

Compiler::~Compiler() = default;

const FieldNames& Compiler::names() const {
    return impl_->fields;
}

CompiledRules Compiler::rules(std::span<const RuleSource> rules) {
    CompiledRules out;
    out.diagnostics = impl_->macro_diagnostics;
    for (uint32_t number = 0; number < rules.size(); ++number) {
        Diagnostics own;  // apart: what the first rule said of a macro is also true of the next
        RuleOutcome outcome;
        std::vector<BoundRule> bound = impl_->bind(rules[number], own);
        outcome.ok = !bound.empty();
        if (outcome.ok) {
            outcome.event = bound.front().event;
            analyse(bound.front(), rules[number].id, own);
        } else {
            outcome.message = first_error(own);
        }
        for (BoundRule& rule : bound) {
            out.bound.push_back({number, std::move(rule)});
        }
        out.outcomes.push_back(std::move(outcome));
        out.diagnostics.append(own);
    }
    out.rules = index_of(out.bound);
    return out;
}

std::shared_ptr<const Expression> Compiler::condition(const RuleSource& source, EventTypeId event,
                                                      Diagnostics& diagnostics) {
    return impl_->expression(source, event, true, diagnostics);
}

std::shared_ptr<const Expression> Compiler::value(const RuleSource& source, EventTypeId event,
                                                  Diagnostics& diagnostics) {
    return impl_->expression(source, event, false, diagnostics);
}

CompiledRules compile_rules(std::span<const RuleSource> rules, std::span<const MacroSource> macros,
                            const FieldTable& fields) {
    const VariableTable none;
    return Compiler(fields, macros, none).rules(rules);
}

std::shared_ptr<const RuleSet> compile_condition(const RuleSource& condition,
                                                 const FieldTable& fields,
                                                 Diagnostics& diagnostics) {
    const FieldNames names(fields);
    const MacroTable no_macros({}, diagnostics);
    const VariableTable no_variables;
    TemplateTable templates;
    const ast::NodePtr root = parse_expression(condition.expression, diagnostics, condition.id);
    if (!root) {
        return nullptr;
    }
    const BindFor use{EventNeed::kNone, kAnyEvent, nullptr};
    auto rule =
        bind_rule(condition, *root, {no_macros, names, no_variables, templates}, use, diagnostics);
    if (!rule) {
        return nullptr;
    }
    const NumberedRule only{0, std::move(*rule)};
    return index_of({&only, 1});
}

bool check_expression(const RuleSource& expression, std::span<const MacroSource> macros,
                      const FieldTable& fields, Diagnostics& diagnostics) {
    const VariableTable none;
    return Compiler(fields, macros, none).condition(expression, kAnyEvent, diagnostics) != nullptr;
}

}  // namespace vedette::secl
