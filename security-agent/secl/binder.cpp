// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/binder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "security-agent/secl/binding.h"
#include "security-agent/secl/constants.h"
#include "security-agent/secl/parser.h"
#include "security-agent/secl/registers.h"
#include "security-agent/secl/static_fields.h"

namespace vedette::secl {
namespace {

constexpr unsigned kMaxBindDepth = 500;  // of one rule with its macros expanded
constexpr size_t kMaxBoundSize =
    1'000'000;  // literals and nodes of one rule with its macros expanded
constexpr size_t kMaxRuleHeight = 500;

// What was folded into one condition is said to be the whole; what stands below and has no text of its own (the
// terms that a list became) is said to be the same.
void set_place(Condition& condition, const Place& place) {
    condition.place = place;
    for (Condition& child : condition.children) {
        if (child.place.source == nullptr) {
            set_place(child, place);
        }
    }
}

// Strings and addresses that stand in the text.
LiteralList literal_list(const Operand& operand) {
    LiteralList out;
    out.is_list = operand.is_list();
    for (const LiteralString& text : operand.strings) {
        out.strings.push_back(text.text);
    }
    out.ints = operand.ints;
    if (!operand.ranges.empty()) {
        out.type = ValueType::kIp;
        for (const IpRange& range : operand.ranges) {
            out.strings.push_back(bytes_of(range));
        }
    } else if (!operand.ints.empty()) {
        out.type = operand.kind == Operand::Kind::kBools ? ValueType::kBool : ValueType::kInt;
    }
    return out;
}

}  // namespace

Binder::Binder(const RuleSource& rule, const Names& names, const BindFor& use,
               Diagnostics& diagnostics)
    : names_(names),
      use_(use),
      source_(&rule.expression),
      report_(diagnostics, rule.id),
      event_(use.event) {}

// ---- the whole

std::optional<BoundRule> Binder::rule(const ast::Node& root) {
    const Place whole{source_, root.span};
    BoundRule out;
    if (use_.fim != nullptr) {
        // First, so that the variant's event type is the rule's.
        auto demanded = fim_condition(*use_.fim, names_.fields);
        if (!demanded) {
            report_.error(whole, "fim.write needs open.flags, which is no field here");
            return std::nullopt;
        }
        set_place(*demanded, whole);
        out.condition =
            combine(Condition::Op::kAnd, std::move(*demanded), condition_of(bind(root)));
        out.condition.place = whole;
    } else {
        out.condition = condition_of(bind(root));
    }
    if (!finish(out.condition, whole)) {
        return std::nullopt;
    }
    if (out.condition.op == Condition::Op::kConstant) {
        report_.warning(whole, fmt::format("the expression is always {}", out.condition.value));
    }
    out.event = event_;
    for (const Register& reg : registers_) {
        out.registers.push_back(reg.iterator);
    }
    out.templates = std::move(templates_);
    return out;
}

std::optional<BoundValue> Binder::value(const ast::Node& root) {
    const Place whole{source_, root.span};
    Operand operand = bind(root);
    if (operand.kind == Kind::kBool && operand.plain_read() == nullptr &&
        !finish(operand.condition, whole)) {
        return std::nullopt;
    }
    check_limited();
    auto out = value_of(std::move(operand));
    if (!out || report_.failed()) {
        return std::nullopt;
    }
    out->event = event_;
    for (const Register& reg : registers_) {
        out->registers.push_back(reg.iterator);
    }
    if (!out->registers.empty() && !std::holds_alternative<Condition>(out->value)) {
        report_.error(whole, "a register stands only in conditions",
                      "leave it out for all elements");
        return std::nullopt;
    }
    out->templates = std::move(templates_);
    return out;
}

bool Binder::finish(Condition& condition, const Place& whole) {
    if (!report_.failed()) {
        check_event(whole);
    }
    if (!report_.failed() && condition.height > kMaxRuleHeight) {
        report_.error(whole, "the rule is too deep once its macros are expanded");
    }
    if (report_.failed()) {
        return false;
    }
    check_static_fields(condition, report_);
    std::vector<Subject> iterators;
    for (const Register& reg : registers_) {
        iterators.push_back(reg.iterator);
    }
    condition = bind_registers(std::move(condition), iterators);
    if (joined_registers(condition) > kMaxJoinedRegisters) {
        report_.error(whole,
                      fmt::format("the rule compares more than {} registers with one another",
                                  kMaxJoinedRegisters),
                      "registers that do not meet in one comparison may be any number");
    }
    return !report_.failed();
}

std::optional<BoundValue> Binder::value_of(Operand operand) {
    BoundValue out;
    const FieldRead* read = operand.plain_read();
    const bool pattern =
        std::any_of(operand.strings.begin(), operand.strings.end(),
                    [](const LiteralString& s) { return s.kind != ast::StringKind::kPlain; });
    if (operand.kind == Kind::kError) {
        return std::nullopt;
    }
    if (pattern || !operand.reads.empty()) {
        report_.error(operand.place, pattern ? "a pattern is no value"
                                             : "a list of values holds only plain strings");
        return std::nullopt;
    }
    if (read != nullptr) {
        out.value = *read;
    } else if (operand.kind == Kind::kBool) {
        out.value = std::move(operand.condition);
    } else if (operand.kind == Kind::kInt || operand.kind == Kind::kDuration) {
        out.value = std::move(operand.number);
    } else {
        out.value = literal_list(operand);
    }
    return out;
}

// ---- the tree

Operand Binder::bind(const ast::Node& node) {
    const Place place{source_, node.span};
    if (++size_ > kMaxBoundSize || depth_ >= kMaxBindDepth) {
        return too_large(place);
    }
    ++depth_;
    Operand out = std::visit([&](const auto& value) { return bind(value, place); }, node.value);
    --depth_;
    if (out.kind == Kind::kBool) {
        set_place(out.condition, place);
    }
    return out;
}

Operand Binder::bind(const ast::Integer& value, const Place& place) {
    return number(value.value, Kind::kInt, place);
}

Operand Binder::bind(const ast::Duration& value, const Place& place) {
    return number(value.nanoseconds, Kind::kDuration, place);
}

Operand Binder::bind(const ast::Address& value, const Place& place) {
    const auto range = parse_network(value.text);
    if (!range) {
        return error(place, "not an IP address");
    }
    Operand out = make(value.network ? Kind::kNetwork : Kind::kIp, place);
    out.ranges.push_back(*range);
    return out;
}

Operand Binder::bind(const ast::String& value, const Place& place) {
    return bind_string(value.kind, value.text, place);
}

Operand Binder::bind(const ast::Variable& value, const Place& place) {
    return bind_variable(value.name, place);
}

Operand Binder::bind(const ast::FieldReference& value, const Place& place) {
    return bind_field(value.name, place);
}

Operand Binder::bind(const ast::Name& value, const Place& place) {
    if (const Constant* constant = find_constant(value.text)) {
        if (constant->is_bool) {
            Operand out = make(Kind::kBool, place);
            out.condition = secl::constant(constant->value != 0);
            return out;
        }
        return number(constant->value, Kind::kInt, place);
    }
    if (const Macro* macro = names_.macros.find(value.text)) {
        return bind_macro(*macro, place);
    }
    return bind_field(value.text, place);
}

Operand Binder::bind(const ast::Unary& value, const Place& place) {
    Operand operand = bind(*value.operand);
    if (operand.kind == Kind::kError) {
        return operand;
    }
    if (value.op == ast::UnaryOp::kNot) {
        if (operand.kind != Kind::kBool) {
            return error(place,
                         fmt::format("'!' negates conditions, this is {}", describe(operand)),
                         "'!' and 'not' bind tighter than comparisons: write !(a == b)");
        }
        Operand out = make(Kind::kBool, place);
        out.condition = negate(std::move(operand.condition));
        return out;
    }
    const bool complement = value.op == ast::UnaryOp::kComplement;
    if (operand.kind != Kind::kInt && (complement || operand.kind != Kind::kDuration)) {
        return error(place, fmt::format("'{}' takes a number, this is {}", ast::to_string(value.op),
                                        describe(operand)));
    }
    IntExpr result;
    result.op = complement ? IntExpr::Op::kComplement : IntExpr::Op::kNegate;
    result.args.push_back(std::move(operand.number));
    return folded(std::move(result), operand.kind, place);
}

Operand Binder::bind(const ast::Comparison& value, const Place& place) {
    Operand left = bind(*value.left);
    Operand right = bind(*value.right);
    size_ += right.strings.size() + right.ints.size() + right.ranges.size() + right.reads.size();
    if (size_ > kMaxBoundSize) {
        return too_large(place);
    }
    const bool broken = left.kind == Kind::kError || right.kind == Kind::kError;
    const size_t errors = report_.errors();
    Operand out = make(Kind::kBool, place);
    out.condition = compare(value.op, std::move(left), std::move(right), place, report_);
    if (broken || report_.errors() > errors) {
        out.kind = Kind::kError;
    }
    return out;
}

Condition Binder::condition_of(Operand operand) {
    if (operand.kind == Kind::kBool) {
        return std::move(operand.condition);
    }
    if (operand.kind != Kind::kError) {
        report_.error(operand.place,
                      fmt::format("expected a condition, this is {}", describe(operand)),
                      "compare it with something");
    }
    return {};
}

// A field of several event types (network.*) does not choose one, but the rule's must be among them.
void Binder::check_limited() {
    for (const auto& [field, place] : limited_) {
        if (field->exists_for(event_)) {
            continue;
        }
        std::string types;
        for (const EventTypeId type : field->events) {
            types += fmt::format("{}{}", types.empty() ? "" : ", ", names_.fields.event_name(type));
        }
        report_.error(place,
                      fmt::format("'{}' does not exist for {} events", field->name,
                                  names_.fields.event_name(event_)),
                      fmt::format("it exists for {}", types));
    }
}

void Binder::check_event(const Place& whole) {
    check_limited();
    if (use_.need == EventNeed::kExactlyOne && event_ == kAnyEvent) {
        report_.error(whole, "the rule has no event type: it uses no field of an event",
                      "add a field such as exec.file.path or open.file.path");
    }
}

Operand Binder::make(Kind kind, const Place& place) {
    Operand out;
    out.kind = kind;
    out.place = place;
    return out;
}

Operand Binder::number(int64_t value, Kind kind, const Place& place) {
    Operand out = make(kind, place);
    out.number.value = value;
    return out;
}

Operand Binder::folded(IntExpr expression, Kind kind, const Place& place) {
    Operand out = make(kind, place);
    out.number = std::move(expression);
    if (out.is_static()) {
        IntExpr constant;
        constant.value = fold(out.number);
        out.number = std::move(constant);
    }
    return out;
}

Operand Binder::error(const Place& place, std::string message, std::string hint) {
    report_.error(place, std::move(message), std::move(hint));
    return make(Kind::kError, place);
}

Operand Binder::too_large(const Place& place) {
    return error(place, "the rule is too large once its macros are expanded");
}

MacroTable::MacroTable(std::span<const MacroSource> sources, Diagnostics& diagnostics) {
    for (const MacroSource& source : sources) {
        Macro macro;
        macro.source = &source;
        if (const auto* text = std::get_if<SourceText>(&source.body)) {
            macro.body = parse_macro(*text, diagnostics, source.id);
        }
        for (const SourceText& text : source.merged) {
            macro.merged.push_back(parse_macro(text, diagnostics, source.id));
        }
        by_id_.emplace(source.id, macros_.size());
        macros_.push_back(std::move(macro));
    }
}

const Macro* MacroTable::find(std::string_view id) const {
    const auto it = by_id_.find(id);
    return it == by_id_.end() ? nullptr : &macros_[it->second];
}

void MacroTable::suggest(Suggestion& suggestion) const {
    for (const Macro& macro : macros_) {
        suggestion.consider(macro.source->id);
    }
}

std::optional<BoundRule> bind_rule(const RuleSource& rule, const ast::Node& root,
                                   const Names& names, const BindFor& use,
                                   Diagnostics& diagnostics) {
    return Binder(rule, names, use, diagnostics).rule(root);
}

std::optional<BoundValue> bind_value(const RuleSource& expression, const ast::Node& root,
                                     const Names& names, const BindFor& use,
                                     Diagnostics& diagnostics) {
    return Binder(expression, names, use, diagnostics).value(root);
}

}  // namespace vedette::secl
