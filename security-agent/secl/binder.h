// SPDX-License-Identifier: Apache-2.0
//
// Syntax tree to bound rule: looks names up (constants, then macros, then fields), checks types, expands macros
// where they are used, finds the event type.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "security-agent/secl/ast.h"
#include "security-agent/secl/bound.h"
#include "security-agent/secl/compiler.h"
#include "security-agent/secl/field_names.h"
#include "security-agent/secl/fim.h"
#include "security-agent/secl/templates.h"
#include "security-agent/secl/variables.h"

namespace vedette::secl {

struct Macro {
    const MacroSource* source = nullptr;
    ast::NodePtr body;                 ///< null for plain strings, and after a syntax error
    std::vector<ast::NodePtr> merged;  ///< as source->merged; null after an error
};

/// Macros parsed once; the first of equal ids counts. The sources must outlive it.
class MacroTable {
   public:
    MacroTable(std::span<const MacroSource> sources, Diagnostics& diagnostics);
    const Macro* find(std::string_view id) const;
    void suggest(Suggestion& suggestion) const;

   private:
    std::vector<Macro> macros_;
    boost::unordered_flat_map<std::string_view, size_t> by_id_;
};

/// What names mean to all rules of one set.
struct Names {
    const MacroTable& macros;
    const FieldNames& fields;
    const VariableTable& variables;
    TemplateTable& templates;
};

enum class EventNeed : uint8_t { kExactlyOne, kNone };

/// What an expression is for.
struct BindFor {
    EventNeed need = EventNeed::kExactlyOne;
    EventTypeId event =
        kAnyEvent;  ///< the only type whose fields it may use; kAnyEvent: it decides
    const FimVariant* fim = nullptr;  ///< what fim.write.* stands for; null: it may not be used
};

/// Nothing after an error, which is in `diagnostics`. Everything wrong with the rule is reported at once.
std::optional<BoundRule> bind_rule(const RuleSource& rule, const ast::Node& root,
                                   const Names& names, const BindFor& use,
                                   Diagnostics& diagnostics);

/// An expression of any type, which may be a list.
std::optional<BoundValue> bind_value(const RuleSource& expression, const ast::Node& root,
                                     const Names& names, const BindFor& use,
                                     Diagnostics& diagnostics);

}  // namespace vedette::secl
