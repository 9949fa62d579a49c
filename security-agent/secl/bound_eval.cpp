// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/bound_eval.h"

#include <re2/re2.h>

#include <algorithm>

#include "security-agent/secl/pattern.h"
#include "security-agent/secl/string_literal.h"
#include "security-agent/secl/string_matcher.h"

namespace vedette::secl {
namespace {

using Ints = boost::container::small_vector<int64_t, 8>;

bool ignores_case(const FieldRead& read) {
    return read.field->matching == Matching::kCaseInsensitive;
}

bool is_text(ValueType type) {
    return type == ValueType::kString || type == ValueType::kIp;
}

class Walker {
   public:
    Walker(const EvalContext& context, std::span<const size_t> registers)
        : context_(context), registers_(registers) {}

    Truth operator()(const IntSet& set) {
        SlotValues values;
        read(set.read, values);
        return any(values, values.ints, [&](int64_t value) {
            return std::binary_search(set.values.begin(), set.values.end(), value);
        });
    }

    Truth operator()(const IntCompare& compare) {
        SlotValues left;
        SlotValues right;
        bool pending = false;
        numbers(compare.left, left.ints, pending);
        numbers(compare.right, right.ints, pending);
        if (pending) {
            return Truth::kUnknown;
        }
        // At most one side has several values.
        return truth(std::any_of(left.ints.begin(), left.ints.end(), [&](int64_t a) {
            return std::any_of(right.ints.begin(), right.ints.end(),
                               [&](int64_t b) { return relation_holds(compare.relation, a, b); });
        }));
    }

    Truth operator()(const StringSet& set) {
        SlotValues values;
        read(set.read, values);
        const bool fold = ignores_case(set.read);
        return any(values, values.strings, [&](std::string_view value) {
            return matches(set, fold ? lower(value, *context_.scratch) : value);
        });
    }

    Truth operator()(const IpSet& set) {
        SlotValues values;
        read(set.read, values);
        if (values.pending) {
            return Truth::kUnknown;
        }
        const auto inside = [&](std::string_view bytes) {
            const auto range = range_from_bytes(bytes);
            return range && (set.all ? contains(set.ranges, *range) : overlaps(set.ranges, *range));
        };
        const auto& list = values.strings;
        return truth(set.all ? std::all_of(list.begin(), list.end(), inside)
                             : std::any_of(list.begin(), list.end(), inside));
    }

    Truth operator()(const Age& age) {
        SlotValues values;
        read(age.read, values);
        return any(values, values.ints, [&](int64_t time) {
            const auto passed = static_cast<int64_t>(static_cast<uint64_t>(context_.now_ns) -
                                                     static_cast<uint64_t>(time));
            return relation_holds(age.relation, passed, age.nanoseconds);
        });
    }

    Truth operator()(const SameValue& same) {
        SlotValues left;
        SlotValues right;
        read(same.left, left);
        read(same.right, right);
        if (left.pending || right.pending) {
            return Truth::kUnknown;
        }
        if (!is_text(same.left.type())) {
            return truth(std::any_of(left.ints.begin(), left.ints.end(), [&](int64_t value) {
                return std::find(right.ints.begin(), right.ints.end(), value) != right.ints.end();
            }));
        }
        if (same.left.type() == ValueType::kIp) {
            return truth(networks_meet(left.strings, right.strings, same.all));
        }
        const bool fold = ignores_case(same.left) || ignores_case(same.right);
        const auto folded = [&](std::string_view text) {
            return fold ? lower(text, *context_.scratch) : text;
        };
        return truth(std::any_of(left.strings.begin(), left.strings.end(), [&](std::string_view a) {
            return std::any_of(right.strings.begin(), right.strings.end(),
                               [&](std::string_view b) { return folded(a) == folded(b); });
        }));
    }

    // All values of an expression, appended.
    void numbers(const IntExpr& number, IntList& out, bool& pending) {
        std::vector<const FieldRead*> reads;
        collect_reads(number, reads);
        const FieldRead* several = several_read(reads);
        if (several == nullptr) {
            out.push_back(one(number, nullptr, 0, pending));
            return;
        }
        SlotValues elements;
        read(*several, elements);
        pending = pending || elements.pending;
        if (elements.ints.empty()) {
            one(number, several, 0, pending);  // what else it reads may still be unknown
        }
        for (const int64_t element : elements.ints) {
            out.push_back(one(number, several, element, pending));
        }
    }

   private:
    void read(const FieldRead& read, SlotValues& out) {
        read_values(read, context_, registers_, out);
    }

    template <typename List, typename Passes>
    static Truth any(const SlotValues& values, const List& list, Passes&& passes) {
        return values.pending ? Truth::kUnknown
                              : truth(std::any_of(list.begin(), list.end(), passes));
    }

    int64_t one(const IntExpr& number, const FieldRead* several, int64_t element, bool& pending) {
        if (number.op == IntExpr::Op::kConstant) {
            return number.value;
        }
        if (number.op == IntExpr::Op::kRead) {
            if (several != nullptr && number.read == *several) {
                return element;
            }
            SlotValues values;
            read(number.read, values);
            pending = pending || values.pending;
            return values.ints.empty() ? 0 : values.ints.front();
        }
        Ints args;
        for (const IntExpr& arg : number.args) {
            args.push_back(one(arg, several, element, pending));
        }
        return applied(number.op, {args.data(), args.size()});
    }

    const EvalContext& context_;
    std::span<const size_t> registers_;
};

Truth some(const Condition& condition, const EvalContext& context, std::span<size_t> registers) {
    const size_t count = elements_of(context, condition.iterator).size();
    Truth best = Truth::kFalse;
    for (size_t i = 0; i < count && best != Truth::kTrue; ++i) {
        registers[static_cast<size_t>(condition.reg)] = i;
        best = std::max(best, evaluate(condition.children.front(), context, registers));
    }
    return best;
}

}  // namespace

Truth evaluate(const Test& test, const EvalContext& context, std::span<const size_t> registers) {
    return std::visit(Walker(context, registers), test);
}

Truth evaluate(const Condition& condition, const EvalContext& context,
               std::span<size_t> registers) {
    const auto& children = condition.children;
    switch (condition.op) {
        case Condition::Op::kConstant:
            return truth(condition.value);
        case Condition::Op::kTest:
            return evaluate(*condition.test, context, registers);
        case Condition::Op::kNot:
            return negated(evaluate(children.front(), context, registers));
        case Condition::Op::kAnd: {
            Truth all = Truth::kTrue;
            for (size_t i = 0; i < children.size() && all != Truth::kFalse; ++i) {
                all = std::min(all, evaluate(children[i], context, registers));
            }
            return all;
        }
        case Condition::Op::kOr: {
            Truth any = Truth::kFalse;
            for (size_t i = 0; i < children.size() && any != Truth::kTrue; ++i) {
                any = std::max(any, evaluate(children[i], context, registers));
            }
            return any;
        }
        case Condition::Op::kEqual: {
            const Truth left = evaluate(children[0], context, registers);
            const Truth right = evaluate(children[1], context, registers);
            return left == Truth::kUnknown || right == Truth::kUnknown ? Truth::kUnknown
                                                                       : truth(left == right);
        }
        case Condition::Op::kSome:
            return some(condition, context, registers);
    }
    return Truth::kFalse;
}

Truth evaluate(const BoundRule& rule, const EvalContext& context) {
    boost::container::small_vector<size_t, 8> registers(rule.registers.size(), 0);
    return evaluate(rule.condition, context, {registers.data(), registers.size()});
}

void evaluate(const IntExpr& number, const EvalContext& context, std::span<const size_t> registers,
              SlotValues& out) {
    out.strings.clear();
    out.ints.clear();
    out.pending = false;
    Walker(context, registers).numbers(number, out.ints, out.pending);
}

void evaluate(const LiteralList& list, SlotValues& out) {
    out.strings.assign(list.strings.begin(), list.strings.end());
    out.ints.assign(list.ints.begin(), list.ints.end());
    out.pending = false;
}

bool matches(const StringSet& set, std::string_view value) {
    if (set.matcher != nullptr) {
        bool hit = false;
        set.matcher->match(value, [&](uint32_t) { hit = true; });
        return hit;
    }
    return std::any_of(set.literals.begin(), set.literals.end(), [&](const StringLiteral& l) {
        switch (l.kind) {
            case StringLiteral::Kind::kExact:
                return l.text == value;
            case StringLiteral::Kind::kPattern:
                return Pattern(l.text).matches(value);
            case StringLiteral::Kind::kGlob:
                return PathGlob(l.text).matches(value);
            case StringLiteral::Kind::kRegexp:
                return RE2::PartialMatch(re2::StringPiece(value.data(), value.size()),
                                         RE2(l.text, regexp_options(ignores_case(set.read))));
        }
        return false;
    });
}

}  // namespace vedette::secl
