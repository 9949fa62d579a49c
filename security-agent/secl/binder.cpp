// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/binder.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "security-agent/secl/constants.h"
#include "security-agent/secl/operand.h"
#include "security-agent/secl/parser.h"
#include "security-agent/secl/string_literal.h"

namespace vedette::secl {
namespace {

using ast::BinaryOp;
using Kind = Operand::Kind;

constexpr unsigned kMaxBindDepth = 500;  // of one rule with its macros expanded
constexpr size_t kMaxBoundSize =
    1'000'000;  // literals and nodes of one rule with its macros expanded
constexpr size_t kMaxRuleHeight = 500;

class Binder {
   public:
    Binder(const RuleSource& rule, const MacroTable& macros, const FieldNames& fields,
           EventNeed need, Diagnostics& diagnostics)
        : macros_(macros),
          fields_(fields),
          need_(need),
          source_(&rule.expression),
          report_(diagnostics, rule.id) {}

    std::optional<BoundRule> run(const ast::Node& root) {
        BoundRule rule;
        rule.condition = condition_of(bind(root));
        const Place whole{source_, root.span};
        if (!report_.failed()) {
            check_event(whole);
        }
        if (!report_.failed() && rule.condition.height > kMaxRuleHeight) {
            report_.error(whole, "the rule is too deep once its macros are expanded");
        }
        if (report_.failed()) {
            return std::nullopt;
        }
        if (rule.condition.op == Condition::Op::kConstant) {
            report_.warning(whole,
                            fmt::format("the expression is always {}", rule.condition.value));
        }
        rule.event = event_;
        rule.registers.assign(registers_.size(), Subject::kAncestor);
        return rule;
    }

   private:
    // ---- the tree

    Operand bind(const ast::Node& node) {
        const Place place{source_, node.span};
        if (++size_ > kMaxBoundSize || depth_ >= kMaxBindDepth) {
            return too_large(place);
        }
        ++depth_;
        Operand out = std::visit([&](const auto& value) { return bind(value, place); }, node.value);
        --depth_;
        return out;
    }

    Operand bind(const ast::Integer& value, const Place& place) {
        return number(value.value, Kind::kInt, place);
    }
    Operand bind(const ast::Duration& value, const Place& place) {
        return number(value.nanoseconds, Kind::kDuration, place);
    }
    Operand bind(const ast::String& value, const Place& place) {
        Operand out = make(Kind::kString, place);
        out.strings.push_back({value.kind, value.text, place});
        return out;
    }
    Operand bind(const ast::Address& value, const Place& place) {
        const auto range = parse_network(value.text);
        if (!range) {
            return error(place, "not an IP address");
        }
        Operand out = make(value.network ? Kind::kNetwork : Kind::kIp, place);
        out.ranges.push_back(*range);
        return out;
    }
    Operand bind(const ast::Variable& value, const Place& place) {
        return error(place, fmt::format("variables are not supported yet: ${{{}}}", value.name));
    }
    Operand bind(const ast::FieldReference& value, const Place& place) {
        return bind_field(value.name, place);
    }

    Operand bind(const ast::Name& value, const Place& place) {
        if (const Constant* constant = find_constant(value.text)) {
            if (constant->is_bool) {
                Operand out = make(Kind::kBool, place);
                out.condition = secl::constant(constant->value != 0);
                return out;
            }
            return number(constant->value, Kind::kInt, place);
        }
        if (const Macro* macro = macros_.find(value.text)) {
            return bind_macro(*macro, place);
        }
        return bind_field(value.text, place);
    }

    Operand bind(const ast::Unary& value, const Place& place) {
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
            return error(place, fmt::format("'{}' takes a number, this is {}",
                                            ast::to_string(value.op), describe(operand)));
        }
        IntExpr result;
        result.op = complement ? IntExpr::Op::kComplement : IntExpr::Op::kNegate;
        result.args.push_back(std::move(operand.number));
        return folded(std::move(result), operand.kind, place);
    }

    Operand bind(const ast::Comparison& value, const Place& place) {
        Operand left = bind(*value.left);
        Operand right = bind(*value.right);
        size_ += right.strings.size() + right.ints.size() + right.ranges.size();
        if (size_ > kMaxBoundSize) {
            return too_large(place);
        }
        const bool broken = left.kind == Kind::kError || right.kind == Kind::kError;
        Operand out = make(broken ? Kind::kError : Kind::kBool, place);
        out.condition = compare(value.op, std::move(left), std::move(right), place, report_);
        return out;
    }

    Operand bind(const ast::Chain& value, const Place& place) {
        const BinaryOp first = value.operators.front();
        if (first == BinaryOp::kAnd || first == BinaryOp::kOr) {
            return logical(value, place);
        }
        return first == BinaryOp::kAdd || first == BinaryOp::kSub ? sum(value, place)
                                                                  : bits(value, place);
    }

    Operand bind(const ast::List& value, const Place& place) {
        Operand out = make(Kind::kError, place);
        bool broken = false;
        for (const ast::NodePtr& element : value.elements) {
            Operand item = std::holds_alternative<ast::Name>(element->value)
                               ? constant_element(*element)
                               : bind(*element);
            Kind kind = Kind::kError;
            switch (item.kind) {
                case Kind::kString:
                    kind = Kind::kStrings;
                    out.strings.push_back(std::move(item.strings.front()));
                    break;
                case Kind::kInt:
                    kind = Kind::kInts;
                    out.ints.push_back(fold(item.number));
                    break;
                case Kind::kBool:
                    kind = Kind::kBools;
                    out.ints.push_back(item.condition.value ? 1 : 0);
                    break;
                case Kind::kIp:
                case Kind::kNetwork:
                    kind = Kind::kIps;
                    out.ranges.push_back(item.ranges.front());
                    break;
                default:
                    broken = true;
                    continue;
            }
            if (out.kind != Kind::kError && out.kind != kind) {
                return error(item.place, "a list holds constants of one type");
            }
            out.kind = kind;
        }
        if (broken) {
            out.kind = Kind::kError;
        }
        return out;
    }

    // ---- chains

    Operand logical(const ast::Chain& value, const Place& place) {
        std::vector<Condition> conditions;
        conditions.reserve(value.operands.size());
        for (const ast::NodePtr& operand : value.operands) {
            conditions.push_back(condition_of(bind(*operand)));
        }
        Condition result = std::move(conditions.back());
        for (size_t i = conditions.size() - 1; i-- > 0;) {
            const auto op =
                value.operators[i] == BinaryOp::kAnd ? Condition::Op::kAnd : Condition::Op::kOr;
            result = combine(op, std::move(conditions[i]), std::move(result));
        }
        Operand out = make(Kind::kBool, place);
        out.condition = std::move(result);
        return out;
    }

    Operand sum(const ast::Chain& value, const Place& place) {
        IntExpr result;
        result.op = IntExpr::Op::kSum;
        Kind kind = Kind::kDuration;  // of durations only
        bool broken = false;
        for (size_t i = 0; i < value.operands.size(); ++i) {
            Operand operand = bind(*value.operands[i]);
            if (!require_number(operand, value.operators[i == 0 ? 0 : i - 1], true)) {
                broken = true;
                continue;
            }
            kind = operand.kind == Kind::kDuration ? kind : Kind::kInt;
            if (i > 0 && value.operators[i - 1] == BinaryOp::kSub) {
                IntExpr negative;
                negative.op = IntExpr::Op::kNegate;
                negative.args.push_back(std::move(operand.number));
                operand.number = std::move(negative);
            }
            result.args.push_back(std::move(operand.number));
        }
        return broken ? make(Kind::kError, place) : folded(std::move(result), kind, place);
    }

    Operand bits(const ast::Chain& value, const Place& place) {
        std::vector<IntExpr> numbers;
        for (size_t i = 0; i < value.operands.size(); ++i) {
            Operand operand = bind(*value.operands[i]);
            if (require_number(operand, value.operators[i == 0 ? 0 : i - 1], false)) {
                numbers.push_back(std::move(operand.number));
            }
        }
        if (numbers.size() != value.operands.size()) {
            return make(Kind::kError, place);
        }
        IntExpr result = std::move(numbers.back());
        for (size_t i = numbers.size() - 1; i-- > 0;) {
            const auto op = value.operators[i] == BinaryOp::kBitAnd  ? IntExpr::Op::kBitAnd
                            : value.operators[i] == BinaryOp::kBitOr ? IntExpr::Op::kBitOr
                                                                     : IntExpr::Op::kBitXor;
            if (result.op != op) {
                IntExpr outer;
                outer.op = op;
                outer.args.push_back(std::move(result));
                result = std::move(outer);
            }
            result.args.push_back(std::move(numbers[i]));
        }
        return folded(std::move(result), Kind::kInt, place);
    }

    bool require_number(const Operand& operand, BinaryOp op, bool durations) {
        if (operand.kind == Kind::kInt || (durations && operand.kind == Kind::kDuration)) {
            return true;
        }
        if (operand.kind != Kind::kError) {
            report_.error(
                operand.place,
                fmt::format("'{}' takes numbers, this is {}", ast::to_string(op),
                            describe(operand)),
                op == BinaryOp::kBitAnd || op == BinaryOp::kBitOr
                    ? fmt::format("conditions are joined with '{0}{0}'", ast::to_string(op))
                    : "");
        }
        return false;
    }

    Condition condition_of(Operand operand) {
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

    // ---- names

    Operand bind_macro(const Macro& macro, const Place& place) {
        if (std::find(expanding_.begin(), expanding_.end(), &macro) != expanding_.end()) {
            return error(place, fmt::format("macro '{}' uses itself", macro.source->id));
        }
        expanding_.push_back(&macro);
        Operand out = bind_macro_body(macro, place);
        for (size_t i = 0; i < macro.merged.size() && out.kind != Kind::kError; ++i) {
            append_list(out, bind_text(macro.merged[i].get(), macro.source->merged[i], place),
                        macro);
        }
        expanding_.pop_back();
        if (out.kind == Kind::kError) {
            // The macro's own complaint is kept once; each rule that uses it needs one of its own.
            report_.error(place, fmt::format("macro '{}' has an error", macro.source->id));
        }
        out.place = place;
        return out;
    }

    Operand bind_macro_body(const Macro& macro, const Place& place) {
        const auto* values = std::get_if<std::vector<std::string>>(&macro.source->body);
        if (values == nullptr) {
            return bind_text(macro.body.get(), std::get<SourceText>(macro.source->body), place);
        }
        Operand out = make(Kind::kStrings, place);
        for (const std::string& value : *values) {
            out.strings.push_back({ast::StringKind::kPlain, value, place});
        }
        return out;
    }

    // `node` was parsed from `text`, which its diagnostics point into.
    Operand bind_text(const ast::Node* node, const SourceText& text, const Place& place) {
        if (node == nullptr) {
            return make(Kind::kError, place);
        }
        const SourceText* user = std::exchange(source_, &text);
        Operand out = bind(*node);
        source_ = user;
        return out;
    }

    void append_list(Operand& list, Operand more, const Macro& macro) {
        if (more.kind == Kind::kError) {
            list.kind = Kind::kError;
        } else if (!list.is_list() || more.kind != list.kind) {
            list = error(
                more.place,
                fmt::format("cannot merge into macro '{}': {} and {} are not lists of one type",
                            macro.source->id, describe(list), describe(more)));
        } else {
            std::move(more.strings.begin(), more.strings.end(), std::back_inserter(list.strings));
            list.ints.insert(list.ints.end(), more.ints.begin(), more.ints.end());
            list.ranges.insert(list.ranges.end(), more.ranges.begin(), more.ranges.end());
        }
    }

    Operand bind_field(std::string_view name, const Place& place) {
        NamedRead named = fields_.resolve(name);
        if (!named.error.empty()) {
            return named.unknown ? unknown_name(name, place)
                                 : error(place, std::move(named.error), std::move(named.hint));
        }
        if (!named.reg.empty()) {
            const auto it = std::find(registers_.begin(), registers_.end(), named.reg);
            named.read.reg = static_cast<int32_t>(it - registers_.begin());
            if (it == registers_.end()) {
                if (registers_.size() == kMaxRegisters) {
                    return error(
                        place,
                        fmt::format("more than {} registers in one rule are not supported yet",
                                    kMaxRegisters));
                }
                registers_.emplace_back(named.reg);
            }
        }
        note_event(named.read, place);
        return read_operand(named.read, place);
    }

    Operand read_operand(const FieldRead& read, const Place& place) {
        Operand out;
        out.place = place;
        switch (read.type()) {
            case ValueType::kInt:
                out.kind = Kind::kInt;
                out.number.op = IntExpr::Op::kRead;
                out.number.read = read;
                break;
            case ValueType::kBool:
                out.kind = Kind::kBool;
                out.condition = make_test(IntSet{read, {1}});
                break;
            case ValueType::kString:
                out.kind = Kind::kStringRead;
                out.read = read;
                break;
            case ValueType::kIp:
                out.kind = Kind::kIpRead;
                out.read = read;
                break;
        }
        return out;
    }

    Operand unknown_name(std::string_view name, const Place& place) {
        if (name.starts_with("fim.write.")) {
            return error(place, "fim.write is not supported yet",
                         "write rules for open, chmod, chown, link, "
                         "rename, unlink and utimes");
        }
        Suggestion suggestion(name);
        fields_.suggest(suggestion);
        macros_.suggest(suggestion);
        for (const Constant& constant : constants()) {
            suggestion.consider(constant.name);
        }
        return error(place, fmt::format("'{}' is no known field, constant or macro", name),
                     suggestion.hint());
    }

    Operand constant_element(const ast::Node& node) {
        const std::string& name = std::get<ast::Name>(node.value).text;
        const Place place{source_, node.span};
        if (find_constant(name) != nullptr) {
            return bind(node);
        }
        Suggestion suggestion(name);
        for (const Constant& constant : constants()) {
            suggestion.consider(constant.name);
        }
        return error(place,
                     fmt::format("'{}' is no constant: lists hold literals and constants", name),
                     suggestion.hint());
    }

    // ---- event type

    void note_event(const FieldRead& read, const Place& place) {
        const EventTypeId event = read.field->event;
        if (event == kAnyEvent || event == event_) {
            return;
        }
        if (event_ != kAnyEvent) {
            report_.error(place,
                          fmt::format("the rule uses two event types, '{}' and '{}'",
                                      fields_.event_name(event_), fields_.event_name(event)),
                          "a rule is for one event type: write two rules");
            return;
        }
        event_ = event;
    }

    void check_event(const Place& whole) {
        if (need_ == EventNeed::kExactlyOne && event_ == kAnyEvent) {
            report_.error(whole, "the rule has no event type: it uses no field of an event",
                          "add a field such as exec.file.path or open.file.path");
        }
    }

    // ---- makers

    static Operand make(Kind kind, const Place& place) {
        Operand out;
        out.kind = kind;
        out.place = place;
        return out;
    }

    static Operand number(int64_t value, Kind kind, const Place& place) {
        Operand out = make(kind, place);
        out.number.value = value;
        return out;
    }

    static Operand folded(IntExpr expression, Kind kind, const Place& place) {
        Operand out = make(kind, place);
        out.number = std::move(expression);
        if (out.is_static()) {
            IntExpr constant;
            constant.value = fold(out.number);
            out.number = std::move(constant);
        }
        return out;
    }

    Operand error(const Place& place, std::string message, std::string hint = {}) {
        report_.error(place, std::move(message), std::move(hint));
        return make(Kind::kError, place);
    }

    Operand too_large(const Place& place) {
        return error(place, "the rule is too large once its macros are expanded");
    }

    const MacroTable& macros_;
    const FieldNames& fields_;
    EventNeed need_;
    const SourceText* source_;  // of the text being bound: the rule's or a macro's
    Reporter report_;
    std::vector<const Macro*> expanding_;
    std::vector<std::string> registers_;
    EventTypeId event_ = kAnyEvent;
    size_t size_ = 0;
    unsigned depth_ = 0;
};

}  // namespace

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
                                   const MacroTable& macros, const FieldNames& fields,
                                   EventNeed need, Diagnostics& diagnostics) {
    return Binder(rule, macros, fields, need, diagnostics).run(root);
}

}  // namespace vedette::secl
