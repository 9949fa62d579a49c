// SPDX-License-Identifier: Apache-2.0
//
// The syntax tree: what was written, before any name is looked up. Chains of operators of one level are flat
// nodes, so that a rule of ten thousand terms is not ten thousand levels deep.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "security-agent/secl/source.h"

namespace vedette::secl::ast {

struct Node;
using NodePtr = std::unique_ptr<Node>;

enum class StringKind : uint8_t { kPlain, kPattern, kRegexp };
enum class UnaryOp : uint8_t { kNot, kMinus, kComplement };
enum class BinaryOp : uint8_t { kAnd, kOr, kAdd, kSub, kBitAnd, kBitOr, kBitXor };
enum class CompareOp : uint8_t {
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kMatch,
    kNotMatch,
    kIn,
    kNotIn,
    kAllIn,
};

struct Integer {
    int64_t value = 0;
    bool octal = false;  ///< written with a leading 0
};
struct Duration {
    int64_t count = 0;
    std::string_view unit;  ///< ms, s, m, h: a literal
    int64_t nanoseconds = 0;
};
struct String {
    StringKind kind = StringKind::kPlain;
    std::string text;  ///< between the quotes, as written
};
struct Address {
    std::string text;
    bool network = false;  ///< with "/n"
};
/// Field, constant or macro; may carry [register] or [index].
struct Name {
    std::string text;
};
/// ${name}
struct Variable {
    std::string name;
};
/// %{field}
struct FieldReference {
    std::string name;
};
struct Unary {
    UnaryOp op = UnaryOp::kNot;
    NodePtr operand;
};
/// Operands of one precedence level; operators.size() + 1 == operands.size(). Logical and bit chains group from
/// the right, sums from the left.
struct Chain {
    std::vector<NodePtr> operands;
    std::vector<BinaryOp> operators;
};
struct Comparison {
    CompareOp op = CompareOp::kEqual;
    NodePtr left;
    NodePtr right;
};
struct List {
    std::vector<NodePtr> elements;
};

using Value = std::variant<Integer, Duration, String, Address, Name, Variable, FieldReference,
                           Unary, Chain, Comparison, List>;

struct Node {
    Span span;
    Value value;
    unsigned height = 1;  ///< levels of evaluation, the turns of a mixed && || chain included
};

std::string_view to_string(UnaryOp op);
std::string_view to_string(BinaryOp op);
std::string_view to_string(CompareOp op);

}  // namespace vedette::secl::ast
