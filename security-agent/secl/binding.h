// SPDX-License-Identifier: Apache-2.0
//
// The binder at work on one expression; binder.h is its face. Its parts: binder.cpp (the expression as a whole and
// the tree), binder_chains.cpp (operators of one level, lists), binder_names.cpp (macros, fields, variables,
// strings with variables in them).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "security-agent/secl/binder.h"
#include "security-agent/secl/operand.h"

namespace vedette::secl {

class Binder {
   public:
    Binder(const RuleSource& rule, const Names& names, const BindFor& use,
           Diagnostics& diagnostics);

    std::optional<BoundRule> rule(const ast::Node& root);
    std::optional<BoundValue> value(const ast::Node& root);

   private:
    using Kind = Operand::Kind;

    // ---- the whole (binder.cpp)
    bool finish(Condition& condition, const Place& whole);
    void check_event(const Place& whole);
    void check_limited();
    std::optional<BoundValue> value_of(Operand operand);
    Condition condition_of(Operand operand);

    // ---- the tree (binder.cpp)
    Operand bind(const ast::Node& node);
    Operand bind(const ast::Integer& value, const Place& place);
    Operand bind(const ast::Duration& value, const Place& place);
    Operand bind(const ast::String& value, const Place& place);
    Operand bind(const ast::Address& value, const Place& place);
    Operand bind(const ast::Variable& value, const Place& place);
    Operand bind(const ast::FieldReference& value, const Place& place);
    Operand bind(const ast::Name& value, const Place& place);
    Operand bind(const ast::Unary& value, const Place& place);
    Operand bind(const ast::Comparison& value, const Place& place);

    // ---- chains and lists (binder_chains.cpp)
    Operand bind(const ast::Chain& value, const Place& place);
    Operand bind(const ast::List& value, const Place& place);
    Operand logical(const ast::Chain& value, const Place& place);
    Operand sum(const ast::Chain& value, const Place& place);
    Operand bits(const ast::Chain& value, const Place& place);
    bool require_number(const Operand& operand, ast::BinaryOp op, bool durations);

    // ---- names (binder_names.cpp)
    Operand bind_macro(const Macro& macro, const Place& place);
    Operand bind_macro_body(const Macro& macro, const Place& place);
    Operand bind_text(const ast::Node* node, const SourceText& text, const Place& place);
    void append_list(Operand& list, Operand more, const Macro& macro);
    Operand bind_field(std::string_view name, const Place& place);
    Operand bind_variable(std::string_view name, const Place& place);
    Operand bind_string(ast::StringKind kind, const std::string& text, const Place& place);
    Operand read_operand(const FieldRead& read, const Place& place);
    std::optional<FieldRead> read_of(const TemplatePiece& piece, const Place& place);
    std::optional<FieldRead> variable_read(std::string_view name, const Place& place);
    std::optional<FieldRead> field_read(std::string_view name, const Place& place);
    bool name_register(NamedRead& named, const Place& place);
    void unknown_name(std::string_view name, const Place& place);
    Operand constant_element(const ast::Node& node);
    void note_event(const FieldRead& read, const Place& place);

    // ---- makers (binder.cpp)
    static Operand make(Kind kind, const Place& place);
    static Operand number(int64_t value, Kind kind, const Place& place);
    static Operand folded(IntExpr expression, Kind kind, const Place& place);
    Operand error(const Place& place, std::string message, std::string hint = {});
    Operand too_large(const Place& place);

    struct Register {
        std::string name;
        Subject iterator = Subject::kAncestor;
    };

    const Names& names_;
    const BindFor& use_;
    const SourceText* source_;  // of the text being bound: the rule's or a macro's
    Reporter report_;
    std::vector<const Macro*> expanding_;
    std::vector<Register> registers_;
    std::vector<std::shared_ptr<const Template>> templates_;
    EventTypeId event_;
    struct Limited {
        const FieldDef* field = nullptr;
        Place place;
    };
    std::vector<Limited>
        limited_;  // fields of several event types, to be checked when the rule's is known
    size_t size_ = 0;
    unsigned depth_ = 0;
};

}  // namespace vedette::secl
