// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/registers.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace vedette::secl {
namespace {

using Op = Condition::Op;

bool reads(const Condition& condition, int32_t reg) {
    return (condition.free_registers >> reg & 1U) != 0;
}

Condition placed(Condition condition, const Place& place) {
    condition.place = place;
    return condition;
}

Condition joined(Op and_or, std::vector<Condition> parts, const Place& place) {
    Condition out = constant(and_or == Op::kAnd);
    for (Condition& part : parts) {
        out = combine(and_or, std::move(out), std::move(part));
    }
    return placed(std::move(out), place);
}

// not (a and b) = not a or not b, so that what is below can be looked at one by one.
Condition with_not_inside(Condition negation) {
    const Place place = negation.place;
    Condition inner = std::move(negation.children.front());
    std::vector<Condition> parts;
    for (Condition& child : inner.children) {
        const Place own = child.place;
        parts.push_back(placed(negate(std::move(child)), own));
    }
    return joined(inner.op == Op::kAnd ? Op::kOr : Op::kAnd, std::move(parts), place);
}

Condition bind_here(int32_t reg, Subject iterator, Condition condition) {
    Condition out;
    out.op = Op::kSome;
    out.reg = reg;
    out.iterator = iterator;
    out.place = condition.place;
    out.height = condition.height + 1;
    out.free_registers = condition.free_registers & ~(uint64_t{1} << reg);
    out.children.push_back(std::move(condition));
    return out;
}

// True when `condition` is for some element that the register is bound to.
Condition for_some(int32_t reg, Subject iterator, Condition condition) {
    if (!reads(condition, reg)) {
        return condition;
    }
    const Place place = condition.place;
    const auto inward = [&](Condition& child) {
        child = for_some(reg, iterator, std::move(child));
    };
    if (condition.op == Op::kNot &&
        (condition.children.front().op == Op::kAnd || condition.children.front().op == Op::kOr)) {
        return for_some(reg, iterator, with_not_inside(std::move(condition)));
    }
    if (condition.op == Op::kSome) {
        inward(condition.children.front());
        condition.free_registers &= ~(uint64_t{1} << reg);
        condition.height = condition.children.front().height + 1;
        return condition;
    }
    if (condition.op == Op::kOr) {
        std::for_each(condition.children.begin(), condition.children.end(), inward);
        return joined(Op::kOr, std::move(condition.children), place);
    }
    if (condition.op != Op::kAnd) {
        return bind_here(reg, iterator, std::move(condition));
    }
    std::vector<Condition> outside;
    std::vector<Condition> inside;
    for (Condition& child : condition.children) {
        (reads(child, reg) ? inside : outside).push_back(std::move(child));
    }
    outside.push_back(inside.size() == 1
                          ? for_some(reg, iterator, std::move(inside.front()))
                          : bind_here(reg, iterator, joined(Op::kAnd, std::move(inside), place)));
    return joined(Op::kAnd, std::move(outside), place);
}

// Bits of the registers that each meets in one test.
void note_meetings(const Condition& condition, std::span<uint64_t> meets) {
    const bool inseparable = condition.op == Op::kTest || condition.op == Op::kEqual;
    for (size_t reg = 0; inseparable && reg < meets.size(); ++reg) {
        if (reads(condition, static_cast<int32_t>(reg))) {
            meets[reg] |= condition.free_registers;
        }
    }
    for (const Condition& child : condition.children) {
        note_meetings(child, meets);
    }
}

}  // namespace

Condition bind_registers(Condition condition, std::span<const Subject> iterators) {
    std::vector<uint64_t> meets(iterators.size(), 0);
    note_meetings(condition, meets);
    std::vector<int32_t> order(iterators.size());
    std::iota(order.begin(), order.end(), 0);
    // What meets the fewest others goes furthest inside.
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
        return std::popcount(meets[static_cast<size_t>(a)]) <
               std::popcount(meets[static_cast<size_t>(b)]);
    });
    for (const int32_t reg : order) {
        condition = for_some(reg, iterators[static_cast<size_t>(reg)], std::move(condition));
    }
    return condition;
}

int joined_registers(const Condition& condition) {
    int deepest = 0;
    for (const Condition& child : condition.children) {
        deepest = std::max(deepest, joined_registers(child));
    }
    return deepest + (condition.op == Condition::Op::kSome ? 1 : 0);
}

}  // namespace vedette::secl
