// SPDX-License-Identifier: Apache-2.0
//
// A rule after its names and types are settled: macros inlined, constants folded, synonyms gone. It says what
// the rule means; predicate_index.h says how it is evaluated fast. `x != y` is here always not(x == y), so that a
// field with several values is negated as a whole.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "security-agent/secl/field.h"
#include "security-agent/secl/ip.h"
#include "security-agent/secl/source.h"

namespace vedette::secl {

class StringMatcher;

inline constexpr int kNoRegister = -1;
/// Of one rule: the registers that a condition reads are the bits of a word.
inline constexpr size_t kMaxRegisters = 64;
/// How many kSome may stand inside one another: with the 1,024 elements that an iterator has at most, a rule that
/// joins two looks at a million pairs, one that joins three would look at a thousand million.
inline constexpr int kMaxJoinedRegisters = 2;

/// What is read from an event.
struct FieldRead {
    enum class Kind : uint8_t {
        kValue,
        kLength,  ///< of a string in bytes, of a list in elements
    };

    const FieldDef* field = nullptr;
    Kind kind = Kind::kValue;
    int32_t index = -1;  ///< one element of a list; zero value past its end
    int32_t reg =
        kNoRegister;  ///< of the element this register is bound to; a number in BoundRule::registers

    ValueType type() const { return kind == Kind::kValue ? field->type : ValueType::kInt; }
    /// Several values: a test asks whether any of them passes.
    bool multi() const {
        const bool list =
            (field->is_list || field->alternatives != nullptr) && index < 0 && kind == Kind::kValue;
        return list || (is_iterated(field->subject) && reg == kNoRegister);
    }
    bool operator==(const FieldRead&) const = default;
};

/// A string with ${variable} or %{field} in it. A FieldRead's field is one when its subject is kTemplate.
struct Template : FieldDef {
    /// The literal, then what is read. Lists are joined with ',', numbers are decimal.
    struct Part {
        std::string literal;
        FieldRead read;  ///< field null: the literal stands alone
    };
    std::string text;  ///< as written; the field's name
    std::vector<Part> parts;
};

struct IntExpr {
    enum class Op : uint8_t {
        kConstant,
        kRead,
        kNegate,
        kComplement,
        kSum,
        kBitAnd,
        kBitOr,
        kBitXor
    };
    Op op = Op::kConstant;
    int64_t value = 0;          ///< kConstant
    FieldRead read;             ///< kRead; at most one read of an expression has several values
    std::vector<IntExpr> args;  ///< the others
};

/// `mask & read`; `read` alone has all bits.
struct Masked {
    const FieldRead* read = nullptr;  ///< null: the expression is something else
    int64_t mask = -1;
};
Masked masked(const IntExpr& number);

enum class Relation : uint8_t { kEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

struct StringLiteral {
    enum class Kind : uint8_t { kExact, kPattern, kGlob, kRegexp };
    Kind kind = Kind::kExact;
    std::string text;  ///< in lower case for fields that ignore case
    auto operator<=>(const StringLiteral&) const = default;
};

/// Any value of `read` is one of `values` (sorted). Booleans are 0 and 1.
struct IntSet {
    FieldRead read;
    std::vector<int64_t> values;
};
struct IntCompare {
    Relation relation = Relation::kEqual;
    IntExpr left;
    IntExpr right;
};
/// Any value matches any literal (sorted).
struct StringSet {
    FieldRead read;
    std::vector<StringLiteral> literals;
    /// The literals ready to use, for what is evaluated by walking the tree; null: each is prepared when it is met.
    std::shared_ptr<const StringMatcher> matcher = nullptr;
};
/// Any address, or with `all` every one, is in one of `ranges` (normalised). A network that a variable holds is when
/// they have an address in common; with `all` when they hold it whole.
struct IpSet {
    FieldRead read;
    std::vector<IpRange> ranges;
    bool all = false;
};
/// now - value, in nanoseconds.
struct Age {
    FieldRead read;
    Relation relation = Relation::kLess;
    int64_t nanoseconds = 0;
};
/// Some value of one, or with `all` (addresses) every value of the left, equals some value of the other; both
/// strings, addresses or ints. Networks that variables hold count as in IpSet.
struct SameValue {
    FieldRead left;
    FieldRead right;
    bool all = false;
};
using Test = std::variant<IntSet, IntCompare, StringSet, IpSet, Age, SameValue>;

struct Condition {
    enum class Op : uint8_t {
        kConstant,
        kTest,
        kNot,
        kAnd,
        kOr,
        kEqual,  ///< two children, true when they agree
        kSome,   ///< one child, true when it is for some element that `reg` is bound to
    };
    Op op = Op::kConstant;
    bool value = false;          ///< kConstant
    std::unique_ptr<Test> test;  ///< kTest
    std::vector<Condition> children;
    int32_t reg = kNoRegister;              ///< kSome
    Subject iterator = Subject::kAncestor;  ///< kSome
    uint64_t free_registers = 0;            ///< bits of those it reads and does not bind
    unsigned height = 1;
    Place place;  ///< what it was written as; valid while the rule's and macros' sources are
};

struct BoundRule {
    EventTypeId event = kAnyEvent;
    Condition condition;
    std::vector<Subject> registers;  ///< the iterator of each
    std::vector<std::shared_ptr<const Template>>
        templates;  ///< that reads of the condition point to
};

/// Strings or addresses that stand in the text.
struct LiteralList {
    ValueType type = ValueType::kString;
    bool is_list = false;
    std::vector<std::string> strings;  ///< addresses as VariableValue holds them
    std::vector<int64_t> ints;
};

/// An expression of any type.
struct BoundValue {
    EventTypeId event = kAnyEvent;
    std::variant<Condition, IntExpr, FieldRead, LiteralList> value;
    std::vector<Subject> registers;
    std::vector<std::shared_ptr<const Template>> templates;
};

bool relation_holds(Relation relation, int64_t left, int64_t right);

/// All that an expression or test reads.
void collect_reads(const IntExpr& number, std::vector<const FieldRead*>& out);
void collect_reads(const Test& test, std::vector<const FieldRead*>& out);
/// The one read of several values; null: none.
const FieldRead* several_read(const std::vector<const FieldRead*>& reads);
/// Value of an operator over its arguments; wraps around like the machine does.
int64_t applied(IntExpr::Op op, std::span<const int64_t> args);

Condition constant(bool value);
Condition make_test(Test test);
/// The rest fold constants and flatten.
Condition negate(Condition condition);
Condition combine(Condition::Op and_or, Condition left, Condition right);
Condition agree(Condition left, Condition right);

}  // namespace vedette::secl
