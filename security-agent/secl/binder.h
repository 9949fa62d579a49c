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

enum class EventNeed : uint8_t { kExactlyOne, kNone };

/// Nothing after an error, which is in `diagnostics`. Everything wrong with the rule is reported at once.
std::optional<BoundRule> bind_rule(const RuleSource& rule, const ast::Node& root,
                                   const MacroTable& macros, const FieldNames& fields,
                                   EventNeed need, Diagnostics& diagnostics);

}  // namespace vedette::secl
