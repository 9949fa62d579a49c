// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/operand.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vedette::secl {
namespace {

using ast::CompareOp;
using Kind = Operand::Kind;

bool is_static(const IntExpr& number) {
    return number.op != IntExpr::Op::kRead &&
           std::all_of(number.args.begin(), number.args.end(),
                       [](const IntExpr& a) { return is_static(a); });
}

std::string_view type_name(ValueType type) {
    switch (type) {
        case ValueType::kInt:
            return "number";
        case ValueType::kBool:
            return "boolean";
        case ValueType::kString:
            return "string";
        case ValueType::kIp:
            return "address";
    }
    return "";
}

}  // namespace

bool Operand::is_static() const {
    switch (kind) {
        case Kind::kBool:
            return condition.op == Condition::Op::kConstant;
        case Kind::kInt:
        case Kind::kDuration:
            return secl::is_static(number);
        case Kind::kStringRead:
        case Kind::kIpRead:
            return false;
        default:
            return true;
    }
}

const FieldRead* Operand::plain_read() const {
    if (kind == Kind::kStringRead || kind == Kind::kIpRead) {
        return &read;
    }
    if (kind == Kind::kInt && number.op == IntExpr::Op::kRead) {
        return &number.read;
    }
    if (kind == Kind::kBool && condition.op == Condition::Op::kTest) {
        const auto* set = std::get_if<IntSet>(condition.test.get());
        const bool field = set != nullptr && set->read.type() == ValueType::kBool &&
                           set->values == std::vector<int64_t>{1};
        return field ? &set->read : nullptr;
    }
    return nullptr;
}

bool Operand::reads_variable() const {
    std::vector<const FieldRead*> found;
    if (const FieldRead* plain = plain_read()) {
        found.push_back(plain);
    }
    if (kind == Kind::kInt || kind == Kind::kDuration) {
        collect_reads(number, found);
    }
    return std::any_of(found.begin(), found.end(),
                       [](const FieldRead* r) { return r->field->subject == Subject::kVariable; });
}

std::string spelled(const FieldRead& read) {
    const std::string_view length = read.kind == FieldRead::Kind::kLength ? ".length" : "";
    switch (read.field->subject) {
        case Subject::kVariable:
            return fmt::format("${{{}{}}}", read.field->name, length);
        case Subject::kTemplate:
            return fmt::format("\"{}\"", read.field->name);
        default:
            return fmt::format("{}{}", read.field->name, length);
    }
}

std::string describe(const Operand& operand) {
    if (const FieldRead* read = operand.plain_read()) {
        return fmt::format("'{}' ({}{})", spelled(*read), type_name(read->type()),
                           read->multi() ? " list" : "");
    }
    switch (operand.kind) {
        case Kind::kError:
            return "an error";
        case Kind::kBool:
            return "a condition";
        case Kind::kInt:
            return "a number";
        case Kind::kDuration:
            return "a duration";
        case Kind::kString:
            return "a string";
        case Kind::kIp:
            return "an address";
        case Kind::kNetwork:
            return "a network";
        case Kind::kStringRead:
            return "a string field";
        case Kind::kIpRead:
            return "an address field";
        case Kind::kStrings:
            return "a list of strings";
        case Kind::kInts:
            return "a list of numbers";
        case Kind::kBools:
            return "a list of booleans";
        case Kind::kIps:
            return "a list of addresses";
    }
    return "";
}

void Reporter::error(const Place& place, std::string message, std::string hint) {
    ++errors_;
    diagnostics_.add(Severity::kError, *place.source, place.span, std::move(message),
                     std::move(hint), subject_);
}

void Reporter::warning(const Place& place, std::string message, std::string hint) {
    diagnostics_.add(Severity::kWarning, *place.source, place.span, std::move(message),
                     std::move(hint), subject_);
}

int64_t fold(const IntExpr& number) {
    if (number.op == IntExpr::Op::kConstant || number.op == IntExpr::Op::kRead) {
        return number.value;
    }
    std::vector<int64_t> args;
    args.reserve(number.args.size());
    for (const IntExpr& arg : number.args) {
        args.push_back(fold(arg));
    }
    return applied(number.op, args);
}

}  // namespace vedette::secl
