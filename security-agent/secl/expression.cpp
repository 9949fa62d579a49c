// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/expression.h"

#include "security-agent/secl/bound_eval.h"

namespace vedette::secl {
namespace {

constexpr size_t kUsualRegisters = 8;
using Registers = boost::container::small_vector<size_t, kUsualRegisters>;

}  // namespace

ValueType Expression::type() const {
    if (const auto* read = std::get_if<FieldRead>(&value_.value)) {
        return read->type();
    }
    if (const auto* list = std::get_if<LiteralList>(&value_.value)) {
        return list->type;
    }
    return std::holds_alternative<Condition>(value_.value) ? ValueType::kBool : ValueType::kInt;
}

bool Expression::is_list() const {
    if (const auto* read = std::get_if<FieldRead>(&value_.value)) {
        return read->multi();
    }
    if (const auto* number = std::get_if<IntExpr>(&value_.value)) {
        std::vector<const FieldRead*> reads;
        collect_reads(*number, reads);
        return several_read(reads) != nullptr;
    }
    const auto* list = std::get_if<LiteralList>(&value_.value);
    return list != nullptr && list->is_list;
}

Truth Expression::test(const EvalContext& context) const {
    const auto* condition = std::get_if<Condition>(&value_.value);
    if (condition == nullptr) {
        SlotValues values;
        value(context, values);
        return values.pending ? Truth::kUnknown
                              : truth(!values.ints.empty() && values.ints.front() != 0);
    }
    Registers registers(value_.registers.size(), 0);
    return evaluate(*condition, context, {registers.data(), registers.size()});
}

void Expression::value(const EvalContext& context, SlotValues& out) const {
    if (std::holds_alternative<Condition>(value_.value)) {
        const Truth found = test(context);
        out.strings.clear();
        out.ints.assign(1, found == Truth::kTrue ? 1 : 0);
        out.pending = found == Truth::kUnknown;
    } else if (const auto* number = std::get_if<IntExpr>(&value_.value)) {
        evaluate(*number, context, {}, out);
    } else if (const auto* read = std::get_if<FieldRead>(&value_.value)) {
        read_values(*read, context, {}, out);
    } else {
        evaluate(std::get<LiteralList>(value_.value), out);
    }
}

}  // namespace vedette::secl
