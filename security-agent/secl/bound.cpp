// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/bound.h"

#include <algorithm>
#include <utility>

namespace vedette::secl {

Masked masked(const IntExpr& number) {
    Masked out;
    if (number.op == IntExpr::Op::kRead) {
        out.read = &number.read;
    } else if (number.op == IntExpr::Op::kBitAnd) {
        for (const IntExpr& arg : number.args) {
            if (arg.op == IntExpr::Op::kConstant) {
                out.mask &= arg.value;
            } else if (arg.op == IntExpr::Op::kRead && out.read == nullptr) {
                out.read = &arg.read;
            } else {
                return {};
            }
        }
    }
    return out;
}

bool relation_holds(Relation relation, int64_t left, int64_t right) {
    switch (relation) {
        case Relation::kEqual:
            return left == right;
        case Relation::kLess:
            return left < right;
        case Relation::kLessEqual:
            return left <= right;
        case Relation::kGreater:
            return left > right;
        case Relation::kGreaterEqual:
            return left >= right;
    }
    return false;
}

void collect_reads(const IntExpr& number, std::vector<const FieldRead*>& out) {
    if (number.op == IntExpr::Op::kRead) {
        out.push_back(&number.read);
    }
    for (const IntExpr& arg : number.args) {
        collect_reads(arg, out);
    }
}

void collect_reads(const Test& test, std::vector<const FieldRead*>& out) {
    if (const auto* compare = std::get_if<IntCompare>(&test)) {
        collect_reads(compare->left, out);
        collect_reads(compare->right, out);
    } else if (const auto* same = std::get_if<SameValue>(&test)) {
        out.push_back(&same->left);
        out.push_back(&same->right);
    } else if (const auto* ints = std::get_if<IntSet>(&test)) {
        out.push_back(&ints->read);
    } else if (const auto* strings = std::get_if<StringSet>(&test)) {
        out.push_back(&strings->read);
    } else if (const auto* addresses = std::get_if<IpSet>(&test)) {
        out.push_back(&addresses->read);
    } else if (const auto* age = std::get_if<Age>(&test)) {
        out.push_back(&age->read);
    }
}

const FieldRead* several_read(const std::vector<const FieldRead*>& reads) {
    const auto it =
        std::find_if(reads.begin(), reads.end(), [](const FieldRead* r) { return r->multi(); });
    return it == reads.end() ? nullptr : *it;
}

int64_t applied(IntExpr::Op op, std::span<const int64_t> args) {
    // Unsigned, because signed overflow is undefined.
    const auto first = static_cast<uint64_t>(args.front());
    if (op == IntExpr::Op::kNegate) {
        return static_cast<int64_t>(0 - first);
    }
    if (op == IntExpr::Op::kComplement) {
        return static_cast<int64_t>(~first);
    }
    uint64_t result = first;
    for (const int64_t arg : args.subspan(1)) {
        const auto value = static_cast<uint64_t>(arg);
        result = op == IntExpr::Op::kSum      ? result + value
                 : op == IntExpr::Op::kBitAnd ? result & value
                 : op == IntExpr::Op::kBitOr  ? result | value
                                              : result ^ value;
    }
    return static_cast<int64_t>(result);
}

Condition constant(bool value) {
    Condition condition;
    condition.value = value;
    return condition;
}

Condition make_test(Test test) {
    Condition condition;
    condition.op = Condition::Op::kTest;
    condition.test = std::make_unique<Test>(std::move(test));
    std::vector<const FieldRead*> reads;
    collect_reads(*condition.test, reads);
    for (const FieldRead* read : reads) {
        condition.free_registers |= read->reg == kNoRegister ? 0 : uint64_t{1} << read->reg;
    }
    return condition;
}

Condition negate(Condition condition) {
    if (condition.op == Condition::Op::kConstant) {
        return constant(!condition.value);
    }
    if (condition.op == Condition::Op::kNot) {
        return std::exchange(condition.children.front(), {});
    }
    Condition out;
    out.op = Condition::Op::kNot;
    out.height = condition.height + 1;
    out.free_registers = condition.free_registers;
    out.children.push_back(std::move(condition));
    return out;
}

Condition combine(Condition::Op and_or, Condition left, Condition right) {
    const bool neutral = and_or == Condition::Op::kAnd;
    if (left.op == Condition::Op::kConstant) {
        return left.value == neutral ? std::move(right) : constant(!neutral);
    }
    if (right.op == Condition::Op::kConstant) {
        return right.value == neutral ? std::move(left) : constant(!neutral);
    }
    if (left.op != and_or && right.op == and_or) {
        std::swap(left, right);  // operands are pure: their order says nothing
    }
    const uint64_t registers = left.free_registers | right.free_registers;
    if (left.op == and_or) {
        left.free_registers = registers;
        if (right.op == and_or) {
            for (Condition& child : right.children) {
                left.height = std::max(left.height, child.height + 1);
                left.children.push_back(std::move(child));
            }
        } else {
            left.height = std::max(left.height, right.height + 1);
            left.children.push_back(std::move(right));
        }
        return left;
    }
    Condition out;
    out.op = and_or;
    out.height = std::max(left.height, right.height) + 1;
    out.free_registers = registers;
    out.children.push_back(std::move(left));
    out.children.push_back(std::move(right));
    return out;
}

Condition agree(Condition left, Condition right) {
    if (left.op == Condition::Op::kConstant) {
        return left.value ? std::move(right) : negate(std::move(right));
    }
    if (right.op == Condition::Op::kConstant) {
        return right.value ? std::move(left) : negate(std::move(left));
    }
    Condition out;
    out.op = Condition::Op::kEqual;
    out.height = std::max(left.height, right.height) + 1;
    out.free_registers = left.free_registers | right.free_registers;
    out.children.push_back(std::move(left));
    out.children.push_back(std::move(right));
    return out;
}

}  // namespace vedette::secl
