// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "security-agent/secl/binding.h"

namespace vedette::secl {

using ast::BinaryOp;

Operand Binder::bind(const ast::Chain& value, const Place& place) {
    const BinaryOp first = value.operators.front();
    if (first == BinaryOp::kAnd || first == BinaryOp::kOr) {
        return logical(value, place);
    }
    return first == BinaryOp::kAdd || first == BinaryOp::kSub ? sum(value, place)
                                                              : bits(value, place);
}

Operand Binder::bind(const ast::List& value, const Place& place) {
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
            case Kind::kStringRead:
                kind = Kind::kStrings;
                out.reads.push_back(item.read);
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

Operand Binder::logical(const ast::Chain& value, const Place& place) {
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
        result.place = {source_, {value.operands[i]->span.begin, value.operands.back()->span.end}};
    }
    Operand out = make(Kind::kBool, place);
    out.condition = std::move(result);
    return out;
}

Operand Binder::sum(const ast::Chain& value, const Place& place) {
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

Operand Binder::bits(const ast::Chain& value, const Place& place) {
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

bool Binder::require_number(const Operand& operand, BinaryOp op, bool durations) {
    if (operand.kind == Kind::kInt || (durations && operand.kind == Kind::kDuration)) {
        return true;
    }
    if (operand.kind != Kind::kError) {
        report_.error(
            operand.place,
            fmt::format("'{}' takes numbers, this is {}", ast::to_string(op), describe(operand)),
            op == BinaryOp::kBitAnd || op == BinaryOp::kBitOr
                ? fmt::format("conditions are joined with '{0}{0}'", ast::to_string(op))
                : "");
    }
    return false;
}

}  // namespace vedette::secl
