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
#include "security-agent/secl/field.h"
#include "security-agent/secl/rule_set.h"
#include "security-agent/secl/source.h"

namespace vedette::secl {

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
    EventTypeId event = kAnyEvent;
    std::string message;  ///< first error of the rule, empty when ok
};

struct CompiledRules {
    std::shared_ptr<const RuleSet> rules;  ///< never null; without the rules that failed
    std::vector<RuleOutcome> outcomes;     ///< of each rule given, in order
    Diagnostics diagnostics;
};

/// `fields` must outlive the result.
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
