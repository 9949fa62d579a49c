// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/declare.h"

#include <fmt/format.h>

#include <algorithm>

#include "security-agent/policy/macros.h"
#include "security-agent/secl/constants.h"
#include "security-agent/secl/suggest.h"

namespace vedette::policy {
namespace {

using secl::Severity;
using secl::SourceText;
using secl::ValueType;

std::string describe(ValueType type, bool is_list) {
    switch (type) {
        case ValueType::kInt:
            return is_list ? "a list of numbers" : "a number";
        case ValueType::kBool:
            return is_list ? "a list of booleans" : "a boolean";
        case ValueType::kString:
            return is_list ? "a list of strings" : "a string";
        case ValueType::kIp:
            return is_list ? "a list of addresses" : "an address";
    }
    return "";
}

secl::Span whole(const SourceText& text) {
    return {0, static_cast<uint32_t>(std::max<size_t>(1, text.text.size()))};
}

std::string_view trimmed(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// Of a scalar there is always one.
secl::VariableValue zero_value(ValueType type) {
    secl::VariableValue zero;
    if (type == ValueType::kInt || type == ValueType::kBool) {
        zero.ints.push_back(0);
    } else {
        zero.strings.emplace_back();
    }
    return zero;
}

}  // namespace

std::string full_name(const SetDefinition& set) {
    const std::string_view scope = secl::to_string(set.scope);
    return scope.empty() ? set.name : fmt::format("{}.{}", scope, set.name);
}

bool has_several_values(const secl::FieldRead& read) {
    const bool is_value = read.kind == secl::FieldRead::Kind::kValue;
    return (is_value && read.field->is_list && read.index < 0) ||
           (secl::is_iterated(read.field->subject) && read.reg == secl::kNoRegister);
}

VariableDeclarations::VariableDeclarations(const secl::FieldNames& names,
                                           std::span<const secl::MacroSource> macros,
                                           secl::Diagnostics& diagnostics)
    : names_(names), diagnostics_(diagnostics) {
    for (const secl::MacroSource& macro : macros) {
        macros_.emplace(macro.id, &macro);
    }
}

std::string VariableDeclarations::declare(const SetDefinition& set, const std::string& rule_id) {
    rule_id_ = rule_id;
    error_.clear();
    const std::string name = full_name(set);
    const std::optional<Type> type = type_of(set);
    if (!type || !name_is_free(set, name)) {
        return error_;
    }
    if (declared_.size() == kMaxVariables && !index_.contains(name)) {
        fail(set.place, fmt::format("there are more than {} variables", kMaxVariables));
        return error_;
    }
    const auto [it, fresh] = index_.emplace(name, declared_.size());
    if (fresh) {
        Declared& first = declared_.emplace_back();
        first.first = &set;
        first.rule_id = rule_id;
        first.variable.name = name;
        first.variable.scope = set.scope;
        first.variable.type = type->type;
        first.variable.is_list = type->is_list;
        first.variable.is_private = set.is_private;
    }
    agree(declared_[it->second], set, *type, name);
    return error_;
}

std::shared_ptr<const secl::VariableTable> VariableDeclarations::finish() {
    auto table = std::make_shared<secl::VariableTable>();
    for (Declared& declared : declared_) {
        secl::Variable& variable = declared.variable;
        variable.ttl_ns = declared.ttl_ns.value_or(0);
        if (declared.size) {
            variable.size = static_cast<size_t>(*declared.size);
        }
        const Literal* given = declared.default_value;
        if (given != nullptr && given->is_list == variable.is_list) {
            variable.default_value = given->value;
        } else if (!variable.is_list) {
            variable.default_value = zero_value(variable.type);
        }
        table->add(std::move(variable));
    }
    return table;
}

std::optional<VariableDeclarations::Type> VariableDeclarations::type_of(const SetDefinition& set) {
    std::optional<Type> type;
    const Literal* literal = set.value           ? &*set.value
                             : set.default_value ? &*set.default_value
                                                 : nullptr;
    if (set.field) {
        type = type_of_field(*set.field, set.append);
    } else if (literal != nullptr) {
        type = Type{literal->type, literal->is_list || set.append};
    }
    if (!type) {
        return std::nullopt;  // said before
    }
    if (type->is_list && type->type == ValueType::kBool) {
        fail(set.place, "booleans cannot be collected in a list",
             "leave 'append' out, or append a number or a string");
        return std::nullopt;
    }
    const Literal* given = set.default_value ? &*set.default_value : nullptr;
    if (given != nullptr && (given->type != type->type || (given->is_list && !type->is_list))) {
        fail(given->place, fmt::format("'default_value' is {}, the variable {}",
                                       describe(given->type, given->is_list),
                                       describe(type->type, type->is_list)));
        return std::nullopt;
    }
    return type;
}

std::optional<VariableDeclarations::Type> VariableDeclarations::type_of_field(
    const SourceText& field, bool append) {
    const std::string_view name = trimmed(field.text);
    const secl::NamedRead named = names_.resolve(name);
    if (!named.error.empty() || !named.reg.empty()) {
        secl::Suggestion suggestion(name);
        names_.suggest(suggestion);
        const std::string message =
            named.error.empty() ? "registers have no place in 'field'" : named.error;
        diagnostics_.add(Severity::kError, field, whole(field), message,
                         named.hint.empty() ? suggestion.hint() : named.hint, rule_id_);
        error_ = message;
        return std::nullopt;
    }
    if (has_several_values(named.read) && !append) {
        error_ = fmt::format("'{}' has several values", name);
        diagnostics_.add(Severity::kError, field, whole(field), error_,
                         fmt::format("add 'append: true', or take one of them: {}[0]", name),
                         rule_id_);
        return std::nullopt;
    }
    return Type{named.read.type(), append};
}

bool VariableDeclarations::name_is_free(const SetDefinition& set, const std::string& name) {
    const std::string& bare = set.name;
    if (name == "process.pid") {
        fail(set.place, "${process.pid} is built in and cannot be set", "choose another name");
    } else if (secl::find_constant(bare) != nullptr) {
        fail(set.place, fmt::format("'{}' is a constant of the language", bare),
             "choose another name");
    } else if (const auto macro = macros_.find(bare); macro != macros_.end()) {
        fail(set.place, fmt::format("'{}' is the name of a macro", bare), "choose another name");
    } else if (names_.resolve(bare).error.empty()) {
        fail(set.place, fmt::format("'{}' is the name of a field", bare), "choose another name");
    }
    if (!error_.empty()) {
        return false;
    }
    if (!index_.contains(name) && names_.resolve(name).error.empty()) {
        warn(set.place, fmt::format("there is also a field '{}'", name),
             fmt::format("${{{}}} is the variable, {} the field", name, name));
    }
    return true;
}

// The first declaration agrees with itself.
void VariableDeclarations::agree(Declared& known, const SetDefinition& set, Type type,
                                 const std::string& name) {
    const auto other = [&] {
        return fmt::format("rule '{}' at {}", known.rule_id, where(known.first->place));
    };
    secl::Variable& variable = known.variable;
    if (type.type != variable.type || type.is_list != variable.is_list) {
        return fail(
            set.place,
            fmt::format("${{{}}} is {} here, and {} in {}", name, describe(type.type, type.is_list),
                        describe(variable.type, variable.is_list), other()),
            "one variable has one type: choose another name");
    }
    if (set.is_private != variable.is_private) {
        return fail(set.place,
                    fmt::format("${{{}}} is {} here, and {} in {}", name,
                                set.is_private ? "private" : "not private",
                                variable.is_private ? "private" : "not private", other()),
                    "write the same 'private' in every rule that sets it");
    }
    variable.inherited = variable.inherited || set.inherited;
    settle(known.size, set.size, "size", known, set);
    settle(known.ttl_ns, set.ttl_ns, "ttl", known, set);
    if (known.default_value == nullptr && set.default_value) {
        known.default_value = &*set.default_value;
    } else if (set.default_value && set.default_value->value != known.default_value->value) {
        warn(set.default_value->place,
             fmt::format("${{{}}} has another 'default_value' in {}: that one counts", name,
                         other()));
    }
}

// What a rule leaves out is as another rule says.
template <typename T>
void VariableDeclarations::settle(std::optional<T>& known, const std::optional<T>& other,
                                  std::string_view key, const Declared& first,
                                  const SetDefinition& set) {
    if (!known) {
        known = other;
    } else if (other && *other != *known) {
        warn(set.place,
             fmt::format("${{{}}} has another '{}' in rule '{}' at {}: that one counts",
                         first.variable.name, key, first.rule_id, where(first.first->place)),
             fmt::format("write the same '{}' in every rule that sets it", key));
    }
}

void VariableDeclarations::fail(const SourceText& place, std::string message, std::string hint) {
    diagnostics_.add(Severity::kError, place, {0, 1}, message, std::move(hint), rule_id_);
    error_ = std::move(message);
}

void VariableDeclarations::warn(const SourceText& place, std::string message, std::string hint) {
    diagnostics_.add(Severity::kWarning, place, {0, 1}, std::move(message), std::move(hint),
                     rule_id_);
}

}  // namespace vedette::policy
