// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/bound.h"

#include <algorithm>
#include <utility>

namespace vedette::secl {

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

Condition constant(bool value) {
    Condition condition;
    condition.value = value;
    return condition;
}

Condition make_test(Test test) {
    Condition condition;
    condition.op = Condition::Op::kTest;
    condition.test = std::make_unique<Test>(std::move(test));
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
    if (left.op == and_or) {
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
    out.children.push_back(std::move(left));
    out.children.push_back(std::move(right));
    return out;
}

}  // namespace vedette::secl
