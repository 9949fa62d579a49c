// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/printer.h"

#include <fmt/format.h>

namespace vedette::secl {
namespace ast {

std::string_view to_string(UnaryOp op) {
    switch (op) {
        case UnaryOp::kNot:
            return "!";
        case UnaryOp::kMinus:
            return "-";
        case UnaryOp::kComplement:
            return "^";
    }
    return "";
}

std::string_view to_string(BinaryOp op) {
    switch (op) {
        case BinaryOp::kAnd:
            return "&&";
        case BinaryOp::kOr:
            return "||";
        case BinaryOp::kAdd:
            return "+";
        case BinaryOp::kSub:
            return "-";
        case BinaryOp::kBitAnd:
            return "&";
        case BinaryOp::kBitOr:
            return "|";
        case BinaryOp::kBitXor:
            return "^";
    }
    return "";
}

std::string_view to_string(CompareOp op) {
    switch (op) {
        case CompareOp::kEqual:
            return "==";
        case CompareOp::kNotEqual:
            return "!=";
        case CompareOp::kLess:
            return "<";
        case CompareOp::kLessEqual:
            return "<=";
        case CompareOp::kGreater:
            return ">";
        case CompareOp::kGreaterEqual:
            return ">=";
        case CompareOp::kMatch:
            return "=~";
        case CompareOp::kNotMatch:
            return "!~";
        case CompareOp::kIn:
            return "in";
        case CompareOp::kNotIn:
            return "not in";
        case CompareOp::kAllIn:
            return "allin";
    }
    return "";
}

}  // namespace ast

namespace {

// Tightness of the construct a node is; an operand looser than its place wants gets parentheses.
enum Level : int { kLogical, kCompare, kSum, kBits, kUnary, kPrimary };

Level level_of(const ast::Node& node) {
    if (const auto* chain = std::get_if<ast::Chain>(&node.value)) {
        switch (chain->operators.front()) {
            case ast::BinaryOp::kAnd:
            case ast::BinaryOp::kOr:
                return kLogical;
            case ast::BinaryOp::kAdd:
            case ast::BinaryOp::kSub:
                return kSum;
            default:
                return kBits;
        }
    }
    if (std::holds_alternative<ast::Comparison>(node.value)) {
        return kCompare;
    }
    return std::holds_alternative<ast::Unary>(node.value) ? kUnary : kPrimary;
}

class Printer {
   public:
    std::string out;

    void print(const ast::Node& node, Level at_least) {
        const bool parentheses = level_of(node) < at_least;
        out += parentheses ? "(" : "";
        std::visit([this](const auto& value) { write(value); }, node.value);
        out += parentheses ? ")" : "";
    }

   private:
    void write(const ast::Integer& value) {
        if (value.octal) {
            const bool negative = value.value < 0;
            const auto magnitude = negative ? 0 - static_cast<uint64_t>(value.value)
                                            : static_cast<uint64_t>(value.value);
            out += fmt::format("{}0{:o}", negative ? "-" : "", magnitude);
        } else {
            out += std::to_string(value.value);
        }
    }
    void write(const ast::Duration& value) { out += fmt::format("{}{}", value.count, value.unit); }
    void write(const ast::String& value) {
        out += value.kind == ast::StringKind::kPattern  ? "~"
               : value.kind == ast::StringKind::kRegexp ? "r"
                                                        : "";
        out += '"' + value.text + '"';
    }
    void write(const ast::Address& value) { out += value.text; }
    void write(const ast::Name& value) { out += value.text; }
    void write(const ast::Variable& value) { out += "${" + value.name + "}"; }
    void write(const ast::FieldReference& value) { out += "%{" + value.name + "}"; }

    void write(const ast::Unary& value) {
        out += ast::to_string(value.op);
        // "-" and a digit would be one token.
        const bool literal = std::holds_alternative<ast::Integer>(value.operand->value) ||
                             std::holds_alternative<ast::Duration>(value.operand->value);
        out += value.op == ast::UnaryOp::kMinus && literal ? " " : "";
        print(*value.operand, kUnary);
    }

    void write(const ast::Chain& value) {
        for (size_t i = 0; i < value.operands.size(); ++i) {
            if (i > 0) {
                out += fmt::format(" {} ", ast::to_string(value.operators[i - 1]));
            }
            const Level own = value.operators.front() == ast::BinaryOp::kAnd ||
                                      value.operators.front() == ast::BinaryOp::kOr
                                  ? kCompare
                              : value.operators.front() == ast::BinaryOp::kAdd ||
                                      value.operators.front() == ast::BinaryOp::kSub
                                  ? kBits
                                  : kUnary;
            print(*value.operands[i], own);
        }
    }

    void write(const ast::Comparison& value) {
        print(*value.left, kSum);
        out += fmt::format(" {} ", ast::to_string(value.op));
        print(*value.right, kCompare);
    }

    void write(const ast::List& value) {
        out += '[';
        for (size_t i = 0; i < value.elements.size(); ++i) {
            out += i > 0 ? ", " : "";
            print(*value.elements[i], kPrimary);
        }
        out += ']';
    }
};

}  // namespace

std::string print(const ast::Node& node) {
    Printer printer;
    printer.print(node, kLogical);
    return std::move(printer.out);
}

}  // namespace vedette::secl
