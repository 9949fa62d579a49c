// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/compile_actions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "security-agent/policy/declare.h"
#include "security-agent/secl/suggest.h"

namespace vedette::policy {
namespace {

using secl::Severity;
using secl::SourceText;
using secl::ValueType;

secl::Span whole(const SourceText& text) {
    return {0, static_cast<uint32_t>(std::max<size_t>(1, text.text.size()))};
}

std::string_view name_of(ValueType type) {
    switch (type) {
        case ValueType::kInt:
            return "a number";
        case ValueType::kBool:
            return "a boolean";
        case ValueType::kString:
            return "a string";
        case ValueType::kIp:
            return "an address";
    }
    return "";
}

}  // namespace

std::string ActionCompiler::compile(RuleInfo& rule, const RuleParts& parts,
                                    secl::EventTypeId event) {
    rule_id_ = rule.id;
    event_ = event;
    error_.clear();
    compile_limiter(rule, parts);
    std::set<std::string_view> not_performed;
    for (const ActionDefinition& definition : parts.actions) {
        if (auto action = compile_action(definition)) {
            const std::string_view kind = kind_of(*action);
            if (kind != "set" && kind != "log" && kind != "hash") {
                not_performed.insert(kind);
            }
            rule.actions.push_back(std::move(*action));
        }
    }
    if (!not_performed.empty() && error_.empty()) {
        diagnostics_.add(
            Severity::kWarning, parts.place, {0, 1},
            fmt::format("actions that are not performed yet: {}", fmt::join(not_performed, ", ")),
            "the rule itself is evaluated, and alerts", rule_id_);
    }
    return error_;
}

std::optional<Action> ActionCompiler::compile_action(const ActionDefinition& definition) {
    Action action;
    if (definition.filter) {
        action.filter = condition_of(*definition.filter);
        if (!action.filter) {
            return std::nullopt;
        }
    }
    if (const auto* set = std::get_if<SetDefinition>(&definition.what)) {
        auto compiled = compile_set(*set);
        if (!compiled) {
            return std::nullopt;
        }
        action.what = std::move(*compiled);
    } else if (const auto* hash = std::get_if<HashDefinition>(&definition.what)) {
        auto compiled = compile_hash(*hash, definition.place);
        if (!compiled) {
            return std::nullopt;
        }
        action.what = std::move(*compiled);
    } else if (const auto* log = std::get_if<LogAction>(&definition.what)) {
        action.what = *log;
    } else if (const auto* kill = std::get_if<KillAction>(&definition.what)) {
        action.what = *kill;
    } else if (const auto* dump = std::get_if<CoreDumpAction>(&definition.what)) {
        action.what = *dump;
    } else {
        action.what = std::get<NetworkFilterAction>(definition.what);
    }
    return action;
}

std::optional<SetAction> ActionCompiler::compile_set(const SetDefinition& set) {
    SetAction out;
    const auto number = variables_.find(full_name(set));
    if (!number) {
        return std::nullopt;  // its declaration failed, and the rule with it
    }
    const secl::Variable& variable = variables_.at(*number);
    out.variable = *number;
    out.append = variable.is_list;
    if (set.value) {
        out.value = set.value->value;
    } else {
        const SourceText& text = set.field ? *set.field : *set.expression;
        out.source = value_of(text);
        if (!out.source) {
            return std::nullopt;
        }
        if (out.source->type() != variable.type) {
            fail(text, whole(text),
                 fmt::format("the expression gives {}, its 'default_value' is {}",
                             name_of(out.source->type()), name_of(variable.type)));
            return std::nullopt;
        }
        const auto* read = std::get_if<secl::FieldRead>(&out.source->bound().value);
        const bool several = read != nullptr ? has_several_values(*read) : out.source->is_list();
        out.first_only = !several;
        if (several && !variable.is_list) {
            fail(text, whole(text), "the expression has several values", "add 'append: true'");
            return std::nullopt;
        }
    }
    if (set.scope_field) {
        out.scope_field = value_of(*set.scope_field);
        if (!out.scope_field) {
            return std::nullopt;
        }
        if (out.scope_field->type() != ValueType::kInt || out.scope_field->is_list()) {
            fail(*set.scope_field, whole(*set.scope_field),
                 "'scope_field' must be one number: the pid of a process");
            return std::nullopt;
        }
    }
    return out;
}

std::optional<HashAction> ActionCompiler::compile_hash(const HashDefinition& hash,
                                                       const SourceText& place) {
    const std::string_view event = names_.event_name(event_);
    HashAction out;
    out.max_file_size = hash.max_file_size;
    if (!hash.field) {
        if (event != "open" && event != "exec") {
            fail(place, {0, 1}, "a 'hash' action needs a 'field' in this rule",
                 "only open and exec rules have a file of their own: write field: process.file");
            return std::nullopt;
        }
        out.field = fmt::format("{}.file", event);
        return out;
    }
    out.field = hash.field->text;
    const secl::NamedRead path = names_.resolve(out.field + ".path");
    if (!path.error.empty() || !path.reg.empty() || path.read.field->type != ValueType::kString ||
        has_several_values(path.read)) {
        const bool several = path.error.empty();
        fail(*hash.field, whole(*hash.field),
             several ? fmt::format("'{}' is not one file", out.field)
                     : fmt::format("'{}' is no file", out.field),
             "a file is what has a path, like process.file or open.file");
        return std::nullopt;
    }
    const secl::EventTypeId own = path.read.field->event;
    if (own != secl::kAnyEvent && own != event_) {
        fail(*hash.field, whole(*hash.field),
             fmt::format("'{}' is a file of {} events", out.field, names_.event_name(own)));
        return std::nullopt;
    }
    return out;
}

void ActionCompiler::compile_limiter(RuleInfo& rule, const RuleParts& parts) {
    for (const SourceText& field : parts.limiter_token) {
        const secl::NamedRead named = names_.resolve(field.text);
        const secl::FieldDef* def = named.read.field;
        if (!named.error.empty() || !named.reg.empty()) {
            secl::Suggestion suggestion(field.text);
            names_.suggest(suggestion);
            fail(field, whole(field),
                 "limiter_token: " +
                     (named.error.empty() ? "registers have no place here" : named.error),
                 suggestion.hint());
        } else if (def->event != secl::kAnyEvent && def->event != event_) {
            fail(field, whole(field),
                 fmt::format("limiter_token: '{}' is a field of {} events", field.text,
                             names_.event_name(def->event)));
        } else {
            rule.limiter_fields.push_back(named.read);
        }
    }
}

ActionCompiler::ExpressionPtr ActionCompiler::value_of(const SourceText& text) {
    secl::Diagnostics own;
    ExpressionPtr out = compiler_.value(sources_.emplace_back(rule_id_, text), event_, own);
    diagnostics_.append(own);
    if (!out && error_.empty()) {
        error_ = own.items().empty() ? "an action has an error" : own.items().front().message;
    }
    return out;
}

ActionCompiler::ExpressionPtr ActionCompiler::condition_of(const SourceText& text) {
    secl::Diagnostics own;
    ExpressionPtr out = compiler_.condition(sources_.emplace_back(rule_id_, text), event_, own);
    diagnostics_.append(own);
    if (!out && error_.empty()) {
        error_ =
            own.items().empty() ? "an action's filter has an error" : own.items().front().message;
    }
    return out;
}

void ActionCompiler::fail(const SourceText& place, secl::Span span, std::string message,
                          std::string hint) {
    diagnostics_.add(Severity::kError, place, span, message, std::move(hint), rule_id_);
    if (error_.empty()) {
        error_ = std::move(message);
    }
}

}  // namespace vedette::policy
