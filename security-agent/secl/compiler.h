// SPDX-License-Identifier: Apache-2.0
//
// Rule texts to a RuleSet: parse, bind names and types, index. A bad rule leaves the others standing.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "security-agent/secl/diagnostics.h"
#include "security-agent/secl/expression.h"
#include "security-agent/secl/field.h"
#include "security-agent/secl/rule_set.h"
#include "security-agent/secl/source.h"
#include "security-agent/secl/variables.h"

namespace vedette::secl {

class FieldNames;

struct RuleSource {
    std::string id;
    SourceText expression;
};

struct MacroSource {
    std::string id;
    /// An expression or list, or plain strings. What strings mean (path glob, pattern) is up to the field they
    /// are compared with.
    std::variant<SourceText, std::vector<std::string>> body;
    /// Lists that `combine: merge` adds to it; the body must then be a list, too.
    std::vector<SourceText> merged;
};

struct RuleOutcome {
    bool ok = false;
    EventTypeId event = kAnyEvent;  ///< of several (fim.write) the first
    std::string message;            ///< first error of the rule, empty when ok
};

struct NumberedRule {
    uint32_t number = 0;  ///< in the rules given
    BoundRule rule;
};

struct CompiledRules {
    std::shared_ptr<const RuleSet> rules;  ///< never null; without the rules that failed
    std::vector<RuleOutcome> outcomes;     ///< of each rule given, in order
    /// What each rule means, one or more per rule: for reports and explanations, not for evaluation.
    std::vector<NumberedRule> bound;
    Diagnostics diagnostics;
};

/// Compiles everything of one rule set: names are looked up and macros parsed once. What it is given must outlive it and
/// its results.
class Compiler {
   public:
    Compiler(const FieldTable& fields, std::span<const MacroSource> macros,
             const VariableTable& variables);
    ~Compiler();
    Compiler(const Compiler&) = delete;
    Compiler& operator=(const Compiler&) = delete;

    /// A rule that another's alias expands to several event types (fim.write) keeps one number.
    CompiledRules rules(std::span<const RuleSource> rules);
    /// A condition for events of one type, or of any. Null after an error.
    std::shared_ptr<const Expression> condition(const RuleSource& source, EventTypeId event,
                                                Diagnostics& diagnostics);
    /// A value of any type: a field, a variable, a literal, arithmetic, a condition. Null after an error.
    std::shared_ptr<const Expression> value(const RuleSource& source, EventTypeId event,
                                            Diagnostics& diagnostics);
    const FieldNames& names() const;

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Rules without variables. `fields` must outlive the result.
CompiledRules compile_rules(std::span<const RuleSource> rules, std::span<const MacroSource> macros,
                            const FieldTable& fields);

/// A condition that belongs to no event type (host facts of `filters`): evaluate with type kAnyEvent, it is rule
/// 0. Null after an error.
std::shared_ptr<const RuleSet> compile_condition(const RuleSource& condition,
                                                 const FieldTable& fields,
                                                 Diagnostics& diagnostics);

/// Parses and type-checks without compiling: the filter of an action, which is for the events of a rule.
bool check_expression(const RuleSource& expression, std::span<const MacroSource> macros,
                      const FieldTable& fields, Diagnostics& diagnostics);

}  // namespace vedette::secl
