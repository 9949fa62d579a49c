// SPDX-License-Identifier: Apache-2.0
//
// The operators that compare two operands: which types go together, and what the comparison then means.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "security-agent/secl/operand.h"
#include "security-agent/secl/string_literal.h"

namespace vedette::secl {
namespace {

using ast::CompareOp;
using Kind = Operand::Kind;

bool is_string(const Operand& o) {
    return o.kind == Kind::kString || o.kind == Kind::kStringRead;
}
bool is_address(const Operand& o) {
    return o.kind == Kind::kIp || o.kind == Kind::kNetwork || o.kind == Kind::kIpRead;
}
bool is_number(const Operand& o) {
    return o.kind == Kind::kInt || o.kind == Kind::kDuration;
}

CompareOp mirrored(CompareOp op) {
    switch (op) {
        case CompareOp::kLess:
            return CompareOp::kGreater;
        case CompareOp::kLessEqual:
            return CompareOp::kGreaterEqual;
        case CompareOp::kGreater:
            return CompareOp::kLess;
        case CompareOp::kGreaterEqual:
            return CompareOp::kLessEqual;
        default:
            return op;
    }
}

bool is_negative(CompareOp op) {
    return op == CompareOp::kNotEqual || op == CompareOp::kNotMatch || op == CompareOp::kNotIn;
}

bool is_equality(CompareOp op) {
    return op == CompareOp::kEqual || op == CompareOp::kNotEqual;
}

// Of an operator that is not an equality's negation.
Relation relation_of(CompareOp op) {
    switch (op) {
        case CompareOp::kLess:
            return Relation::kLess;
        case CompareOp::kLessEqual:
            return Relation::kLessEqual;
        case CompareOp::kGreater:
            return Relation::kGreater;
        case CompareOp::kGreaterEqual:
            return Relation::kGreaterEqual;
        default:
            return Relation::kEqual;
    }
}

std::vector<int64_t> sorted(std::vector<int64_t> values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

// One comparison; the positive form is built first and negated at the end.
class Comparer {
   public:
    Comparer(CompareOp op, const Place& place, Reporter& report)
        : op_(op), place_(place), report_(report) {}

    Condition run(Operand left, Operand right) {
        if (left.kind == Kind::kError || right.kind == Kind::kError) {
            return {};
        }
        const bool membership =
            op_ == CompareOp::kIn || op_ == CompareOp::kNotIn || op_ == CompareOp::kAllIn;
        Condition positive = membership ? member(std::move(left), std::move(right))
                                        : scalar(std::move(left), std::move(right));
        return is_negative(op_) ? negate(std::move(positive)) : std::move(positive);
    }

   private:
    // ---- == != < <= > >= =~ !~

    Condition scalar(Operand left, Operand right) {
        if (left.is_list() || right.is_list()) {
            const Operand& list = left.is_list() ? left : right;
            return error(list.place,
                         fmt::format("'{}' compares single values, this is {}", ast::to_string(op_),
                                     describe(list)),
                         "use 'in' or 'not in'");
        }
        if (op_ == CompareOp::kMatch || op_ == CompareOp::kNotMatch) {
            return match(std::move(left), std::move(right));
        }
        if (left.is_static() && !right.is_static()) {
            std::swap(left, right);
            op_ = mirrored(op_);
        }
        if (left.kind == Kind::kBool && right.kind == Kind::kBool) {
            return booleans(std::move(left), std::move(right));
        }
        if (is_number(left) && is_number(right)) {
            return numbers(std::move(left), std::move(right));
        }
        if (is_string(left) && is_string(right)) {
            return is_equality(op_)
                       ? strings(std::move(left), std::move(right))
                       : error(place_,
                               fmt::format("strings have no order: '{}' cannot compare them",
                                           ast::to_string(op_)),
                               "strings compare with == != =~ !~ in");
        }
        if (is_address(left) && is_address(right)) {
            return is_equality(op_)
                       ? addresses(std::move(left), std::move(right))
                       : error(place_,
                               fmt::format("addresses have no order: '{}' cannot compare them",
                                           ast::to_string(op_)),
                               "addresses compare with == != in allin");
        }
        return mismatch(left, right);
    }

    Condition match(Operand left, Operand right) {
        if (!is_string(left)) {
            return error(left.place, fmt::format("'{}' compares strings, this is {}",
                                                 ast::to_string(op_), describe(left)));
        }
        if (right.kind != Kind::kString) {
            return error(right.place,
                         fmt::format("the right side of '{}' must be a pattern, this is {}",
                                     ast::to_string(op_), describe(right)),
                         "write a string, ~\"...\" or r\"...\" without anything to fill in");
        }
        if (right.strings.front().kind == ast::StringKind::kPlain) {
            right.strings.front().kind = ast::StringKind::kPattern;
        }
        return strings(std::move(left), std::move(right));
    }

    Condition booleans(Operand left, Operand right) {
        if (!is_equality(op_)) {
            return error(place_, fmt::format("booleans have no order: '{}' cannot compare them",
                                             ast::to_string(op_)));
        }
        const FieldRead* read = left.plain_read();
        if (read != nullptr && right.condition.op == Condition::Op::kConstant) {
            return make_test(IntSet{*read, {right.condition.value ? 1 : 0}});
        }
        return agree(std::move(left.condition), std::move(right.condition));
    }

    Condition numbers(Operand left, Operand right) {
        const bool durations = left.kind == Kind::kDuration || right.kind == Kind::kDuration;
        if (durations && op_ == CompareOp::kNotEqual) {
            return error(place_, "durations compare with < <= > >= ==", "write !(a == b)");
        }
        const Relation relation = relation_of(op_);
        if (left.is_static() && right.is_static()) {
            if (left.kind != right.kind) {
                return mismatch(left, right);
            }
            return constant(relation_holds(relation, fold(left.number), fold(right.number)));
        }
        const FieldRead* read = left.plain_read();
        const bool raw = read != nullptr && read->field->subject == Subject::kVariable;
        if (right.kind == Kind::kDuration && read != nullptr && !raw) {
            if (read->kind != FieldRead::Kind::kValue || !read->field->is_time) {
                return error(
                    left.place,
                    fmt::format("'{}' is not a time: it has no age to compare with a duration",
                                spelled(*read)));
            }
            return make_test(Age{*read, relation, fold(right.number)});
        }
        if (read != nullptr && right.is_static() && relation == Relation::kEqual) {
            return make_test(IntSet{*read, {fold(right.number)}});
        }
        return number_test(std::move(left), relation, std::move(right));
    }

    Condition number_test(Operand left, Relation relation, Operand right) {
        std::vector<const FieldRead*> reads;
        collect_reads(left.number, reads);
        collect_reads(right.number, reads);
        const auto several = std::count_if(reads.begin(), reads.end(),
                                           [](const FieldRead* r) { return r->multi(); });
        const FieldRead* a = left.plain_read();
        const FieldRead* b = right.plain_read();
        if (several > 0 && reads.size() > 1) {
            if (a != nullptr && b != nullptr && relation == Relation::kEqual) {
                return make_test(SameValue{*a, *b});
            }
            if (several > 1) {
                return error(place_,
                             "two fields of several values each meet only in '==', '!=', 'in' and "
                             "'not in', and without arithmetic",
                             "pick one element: by a register, or by its number as in [0]");
            }
        }
        return make_test(IntCompare{relation, std::move(left.number), std::move(right.number)});
    }

    Condition strings(Operand left, Operand right) {
        if (left.kind == Kind::kStringRead && right.kind == Kind::kStringRead) {
            return make_test(SameValue{left.read, right.read});
        }
        if (left.kind == Kind::kStringRead) {
            return string_set(left.read, right.strings);
        }
        LiteralString text = std::move(left.strings.front());
        LiteralString pattern = std::move(right.strings.front());
        if (text.kind != ast::StringKind::kPlain) {
            std::swap(text, pattern);
        }
        return fold_string(text, {pattern});
    }

    Condition addresses(Operand left, Operand right) {
        if (left.kind == Kind::kIpRead && right.kind == Kind::kIpRead) {
            return make_test(SameValue{left.read, right.read});
        }
        if (left.kind == Kind::kIpRead) {
            return make_test(IpSet{left.read, right.ranges, false});
        }
        return constant(contains_range(right.ranges, left.ranges.front()) ||
                        contains_range(left.ranges, right.ranges.front()));
    }

    // ---- in, not in, allin

    Condition member(Operand left, Operand right) {
        if (left.is_list()) {
            return error(left.place,
                         fmt::format("the left side of '{}' must be a field or a value, this is {}",
                                     ast::to_string(op_), describe(left)));
        }
        switch (right.kind) {
            case Kind::kStrings:
                return string_member(left, right);
            case Kind::kInts:
                return left.kind == Kind::kInt ? int_member(std::move(left), std::move(right))
                                               : mismatch(left, right);
            case Kind::kBools:
                return left.kind == Kind::kBool ? bool_member(std::move(left), right)
                                                : mismatch(left, right);
            case Kind::kIps:
            case Kind::kNetwork:
                if (left.kind == Kind::kIpRead) {
                    return make_test(IpSet{left.read, normalise(std::move(right.ranges)),
                                           op_ == CompareOp::kAllIn});
                }
                return is_address(left)
                           ? constant(contains_range(normalise(std::move(right.ranges)),
                                                     left.ranges.front()))
                           : mismatch(left, right);
            default:
                return field_member(std::move(left), std::move(right));
        }
    }

    Condition string_member(const Operand& left, const Operand& right) {
        if (!is_string(left)) {
            return mismatch(left, right);
        }
        Condition any = constant(false);
        if (!right.strings.empty()) {
            any = left.kind == Kind::kStringRead ? string_set(left.read, right.strings)
                                                 : fold_string(left.strings.front(), right.strings);
        }
        for (const FieldRead& read : right.reads) {
            any = combine(Condition::Op::kOr, std::move(any),
                          left.kind == Kind::kStringRead ? make_test(SameValue{left.read, read})
                                                         : string_set(read, left.strings));
        }
        return any;
    }

    // The right side is a list field: "bash" in process.argv.
    Condition field_member(Operand left, Operand right) {
        const FieldRead* list = right.plain_read();
        if (list == nullptr || (!list->multi() && list->field->subject != Subject::kVariable)) {
            return error(right.place,
                         fmt::format("the right side of '{}' must be a list, this is {}",
                                     ast::to_string(op_), describe(right)),
                         "compare single values with '==', or write them in [ ]");
        }
        const FieldRead read = *list;
        if (const FieldRead* other = left.plain_read()) {
            if (other->type() != read.type()) {
                return mismatch(left, right);
            }
            return make_test(
                SameValue{*other, read, op_ == CompareOp::kAllIn && read.type() == ValueType::kIp});
        }
        switch (read.type()) {
            case ValueType::kString:
                return left.kind == Kind::kString ? string_set(read, left.strings)
                                                  : mismatch(left, right);
            case ValueType::kIp:
                return left.kind == Kind::kIp || left.kind == Kind::kNetwork
                           ? make_test(IpSet{read, left.ranges, false})
                           : mismatch(left, right);
            case ValueType::kInt:
                return is_number(left) ? number_in(std::move(left), std::move(right))
                                       : mismatch(left, right);
            case ValueType::kBool:
                return left.kind == Kind::kBool && left.condition.op == Condition::Op::kConstant
                           ? make_test(IntSet{read, {left.condition.value ? 1 : 0}})
                           : mismatch(left, right);
        }
        return {};
    }

    Condition number_in(Operand left, Operand list) {
        return left.is_static() ? make_test(IntSet{*list.plain_read(), {fold(left.number)}})
                                : number_test(std::move(list), Relation::kEqual, std::move(left));
    }

    Condition int_member(Operand left, Operand right) {
        std::vector<int64_t> values = sorted(std::move(right.ints));
        if (left.is_static()) {
            return constant(std::binary_search(values.begin(), values.end(), fold(left.number)));
        }
        if (const FieldRead* read = left.plain_read()) {
            return make_test(IntSet{*read, std::move(values)});
        }
        Condition any = constant(false);
        for (const int64_t value : values) {
            Operand number = left_copy(left);
            Operand literal;
            literal.kind = Kind::kInt;
            literal.number.value = value;
            any = combine(Condition::Op::kOr, std::move(any),
                          number_test(std::move(number), Relation::kEqual, std::move(literal)));
        }
        return any;
    }

    static Operand left_copy(const Operand& operand) {
        Operand out;
        out.kind = operand.kind;
        out.place = operand.place;
        out.number = operand.number;
        return out;
    }

    Condition bool_member(Operand left, const Operand& right) {
        const std::vector<int64_t> values = sorted(right.ints);
        if (const FieldRead* read = left.plain_read()) {
            return make_test(IntSet{*read, values});
        }
        if (values.size() == 2) {
            return constant(true);
        }
        return values.front() == 1 ? std::move(left.condition) : negate(std::move(left.condition));
    }

    // ---- shared

    Condition string_set(const FieldRead& read, const std::vector<LiteralString>& literals) {
        StringSet set{read, {}};
        set.literals.reserve(literals.size());
        for (const LiteralString& literal : literals) {
            auto resolved = resolve_literal(*read.field, literal.kind, literal.text);
            if (!resolved) {
                report_.error(literal.place,
                              fmt::format("{} (compared with '{}')", resolved.error().message,
                                          read.field->name));
                continue;
            }
            set.literals.push_back(std::move(*resolved));
        }
        std::sort(set.literals.begin(), set.literals.end());
        set.literals.erase(std::unique(set.literals.begin(), set.literals.end()),
                           set.literals.end());
        return make_test(std::move(set));
    }

    Condition fold_string(const LiteralString& text, const std::vector<LiteralString>& patterns) {
        bool any = false;
        for (const LiteralString& pattern : patterns) {
            auto matched = literal_matches(pattern.kind, pattern.text, text.text);
            if (!matched) {
                return error(pattern.place, std::move(matched.error().message));
            }
            any = any || *matched;
        }
        return constant(any);
    }

    static bool contains_range(const std::vector<IpRange>& ranges, const IpRange& inner) {
        return std::any_of(ranges.begin(), ranges.end(), [&](const IpRange& range) {
            return range.first <= inner.first && inner.last <= range.last;
        });
    }

    Condition error(const Place& place, std::string message, std::string hint = {}) {
        report_.error(place, std::move(message), std::move(hint));
        return {};
    }

    // Variables compare loosely: what can never be equal is false, not an error.
    Condition mismatch(const Operand& left, const Operand& right) {
        const bool loose = left.reads_variable() || right.reads_variable();
        const std::string both = fmt::format("{} {} compared with {}", describe(left),
                                             loose ? "is" : "cannot be", describe(right));
        if (!loose) {
            return error(place_, "type mismatch: " + both);
        }
        report_.warning(place_, fmt::format("the comparison is always {}: {}",
                                            is_negative(op_) ? "true" : "false", both));
        return constant(false);
    }

    CompareOp op_;
    Place place_;
    Reporter& report_;
};

}  // namespace

Condition compare(CompareOp op, Operand left, Operand right, const Place& place, Reporter& report) {
    return Comparer(op, place, report).run(std::move(left), std::move(right));
}

}  // namespace vedette::secl
