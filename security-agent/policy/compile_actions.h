// SPDX-License-Identifier: Apache-2.0
//
// Actions and limiter tokens of a rule whose event is known: names looked up, expressions compiled.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "security-agent/policy/loader.h"
#include "security-agent/secl/compiler.h"
#include "security-agent/secl/field_names.h"

namespace vedette::policy {

class ActionCompiler {
   public:
    /// All must outlive it; `sources` keeps the texts that compiled expressions point to.
    ActionCompiler(secl::Compiler& compiler, const secl::FieldNames& names,
                   const secl::VariableTable& variables, std::deque<secl::RuleSource>& sources,
                   secl::Diagnostics& diagnostics)
        : compiler_(compiler),
          names_(names),
          variables_(variables),
          sources_(sources),
          diagnostics_(diagnostics) {}

    /// Fills actions and limiter_fields of `rule`, which is for events of type `event` (kAnyEvent: of several). Returns
    /// the first error, empty when there is none. Warns once of what the agent does not perform yet.
    std::string compile(RuleInfo& rule, const RuleParts& parts, secl::EventTypeId event);

   private:
    using ExpressionPtr = std::shared_ptr<const secl::Expression>;

    std::optional<SetAction> compile_set(const SetDefinition& set);
    std::optional<HashAction> compile_hash(const HashDefinition& hash,
                                           const secl::SourceText& place);
    std::optional<Action> compile_action(const ActionDefinition& definition);
    void compile_limiter(RuleInfo& rule, const RuleParts& parts);
    ExpressionPtr value_of(const secl::SourceText& text);
    ExpressionPtr condition_of(const secl::SourceText& text);
    void fail(const secl::SourceText& place, secl::Span span, std::string message,
              std::string hint = {});

    secl::Compiler& compiler_;
    const secl::FieldNames& names_;
    const secl::VariableTable& variables_;
    std::deque<secl::RuleSource>& sources_;
    secl::Diagnostics& diagnostics_;
    // Of the rule at hand.
    std::string rule_id_;
    secl::EventTypeId event_ = secl::kAnyEvent;
    std::string error_;
};

}  // namespace vedette::policy
