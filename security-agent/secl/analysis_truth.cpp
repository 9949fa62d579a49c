// SPDX-License-Identifier: Apache-2.0
//
// Conditions that cannot all hold: one and its negation, a value that is asked to be two, a list without what another
// list leaves of it, a number above one limit and below a smaller one.
#include <algorithm>
#include <limits>

#include "security-agent/secl/analysis_parts.h"

namespace vedette::secl {
namespace {

constexpr size_t kMaxDemands = 200;  // that are compared pairwise
constexpr size_t kMaxCandidates = 1000;
constexpr int64_t kSmallDomain = 64;  // tried value by value

// ---- equal conditions

bool same(const IntExpr& a, const IntExpr& b) {
    return a.op == b.op && a.value == b.value && a.read == b.read &&
           std::equal(a.args.begin(), a.args.end(), b.args.begin(), b.args.end(),
                      [](const IntExpr& x, const IntExpr& y) { return same(x, y); });
}

struct SameTest {
    const Test& other;

    bool operator()(const IntSet& a) const {
        const auto* b = std::get_if<IntSet>(&other);
        return b != nullptr && a.read == b->read && a.values == b->values;
    }
    bool operator()(const IntCompare& a) const {
        const auto* b = std::get_if<IntCompare>(&other);
        return b != nullptr && a.relation == b->relation && same(a.left, b->left) &&
               same(a.right, b->right);
    }
    bool operator()(const StringSet& a) const {
        const auto* b = std::get_if<StringSet>(&other);
        return b != nullptr && a.read == b->read && a.literals == b->literals;
    }
    bool operator()(const IpSet& a) const {
        const auto* b = std::get_if<IpSet>(&other);
        return b != nullptr && a.read == b->read && a.ranges == b->ranges && a.all == b->all;
    }
    bool operator()(const Age& a) const {
        const auto* b = std::get_if<Age>(&other);
        return b != nullptr && a.read == b->read && a.relation == b->relation &&
               a.nanoseconds == b->nanoseconds;
    }
    bool operator()(const SameValue& a) const {
        const auto* b = std::get_if<SameValue>(&other);
        return b != nullptr && a.left == b->left && a.right == b->right && a.all == b->all;
    }
};

bool same(const Condition& a, const Condition& b) {
    if (a.op != b.op || a.value != b.value || a.reg != b.reg || a.height != b.height) {
        return false;
    }
    if ((a.test != nullptr) != (b.test != nullptr) ||
        (a.test != nullptr && !std::visit(SameTest{*b.test}, *a.test))) {
        return false;
    }
    return std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(),
                      [](const Condition& x, const Condition& y) { return same(x, y); });
}

struct Interval {
    int64_t first = std::numeric_limits<int64_t>::min();
    int64_t last = std::numeric_limits<int64_t>::max();

    bool empty() const { return first > last; }
    void keep(Relation relation, int64_t limit, bool positive) {
        const bool less = relation == Relation::kLess || relation == Relation::kLessEqual;
        if (relation == Relation::kEqual) {
            if (positive) {
                first = std::max(first, limit);
                last = std::min(last, limit);
            }
            return;
        }
        const bool with_limit =
            (relation == Relation::kLessEqual || relation == Relation::kGreaterEqual) == positive;
        if (less == positive) {
            last = limit == std::numeric_limits<int64_t>::min() && !with_limit
                       ? limit
                       : std::min(last, with_limit ? limit : limit - 1);
        } else {
            first = limit == std::numeric_limits<int64_t>::max() && !with_limit
                        ? limit
                        : std::max(first, with_limit ? limit : limit + 1);
        }
    }
};

// ---- numbers

// What `test` reads, when that is one field and nothing else, of which there is one value.
const FieldRead* only_read(const Test& test) {
    if (const auto* set = std::get_if<IntSet>(&test)) {
        return set->read.multi() ? nullptr : &set->read;
    }
    const auto* compare = std::get_if<IntCompare>(&test);
    if (compare == nullptr) {
        return nullptr;
    }
    std::vector<const FieldRead*> reads;
    collect_reads(compare->left, reads);
    collect_reads(compare->right, reads);
    const bool one = !reads.empty() && !reads.front()->multi() &&
                     std::all_of(reads.begin(), reads.end(),
                                 [&](const FieldRead* r) { return *r == *reads.front(); });
    return one ? reads.front() : nullptr;
}

bool holds_at(const Demand& demand, int64_t value) {
    const Test& test = *demand.condition->test;
    if (const auto* set = std::get_if<IntSet>(&test)) {
        return std::binary_search(set->values.begin(), set->values.end(), value) == demand.positive;
    }
    const auto& compare = std::get<IntCompare>(test);
    return relation_holds(compare.relation, value_at(compare.left, value),
                          value_at(compare.right, value)) == demand.positive;
}

// Bits that must be set and bits that must not.
struct Bits {
    int64_t ones = 0;
    int64_t zeros = 0;

    void keep(const Demand& demand) {
        const auto* compare = std::get_if<IntCompare>(demand.condition->test.get());
        if (compare == nullptr || compare->right.op != IntExpr::Op::kConstant) {
            return;
        }
        const Masked left = masked(compare->left);
        const int64_t limit = compare->right.value;
        const bool zero = relation_holds(compare->relation, 0, limit) == demand.positive;
        const bool one = relation_holds(compare->relation, left.mask, limit) == demand.positive;
        if (left.read == nullptr || left.mask <= 0) {
            return;
        }
        if (compare->relation == Relation::kEqual && demand.positive) {
            ones |= limit & left.mask;
            zeros |= left.mask & ~limit;
        } else if ((left.mask & (left.mask - 1)) == 0 && zero != one) {
            (one ? ones : zeros) |= left.mask;
        }
    }
    bool empty() const { return (ones & zeros) != 0; }
};

bool numbers_conflict(const FieldRead& read, std::span<const Demand> group) {
    const auto all_hold = [&](int64_t value) {
        return std::all_of(group.begin(), group.end(),
                           [&](const Demand& d) { return holds_at(d, value); });
    };
    for (const Demand& demand : group) {
        const auto* set = std::get_if<IntSet>(demand.condition->test.get());
        if (demand.positive && set != nullptr && set->values.size() <= kMaxCandidates) {
            return std::none_of(set->values.begin(), set->values.end(), all_hold);
        }
    }
    const Domain domain = domain_of(read);
    Interval left{domain.first, domain.last};
    Bits bits;
    for (const Demand& demand : group) {
        const auto* compare = std::get_if<IntCompare>(demand.condition->test.get());
        bits.keep(demand);
        if (compare != nullptr && compare->left.op == IntExpr::Op::kRead &&
            compare->right.op == IntExpr::Op::kConstant) {
            left.keep(compare->relation, compare->right.value, demand.positive);
        }
    }
    if (left.empty() || bits.empty()) {
        return true;
    }
    if (left.first < 0 || left.last - left.first > kSmallDomain) {
        return false;
    }
    for (int64_t value = left.first; value <= left.last; ++value) {
        if (all_hold(value)) {
            return false;
        }
    }
    return true;
}

// ---- all of them

template <typename Wanted>
const Wanted* test_of(const Demand& demand) {
    return demand.condition->op == Condition::Op::kTest
               ? std::get_if<Wanted>(demand.condition->test.get())
               : nullptr;
}

bool pair_conflict(const Demand& a, const Demand& b, size_t& budget) {
    if (a.positive != b.positive && same(*a.condition, *b.condition)) {
        return true;
    }
    if (a.condition->op != Condition::Op::kTest || b.condition->op != Condition::Op::kTest) {
        return false;
    }
    const Demand& wanted = a.positive ? a : b;
    const Demand& other = a.positive ? b : a;
    const Test& left = *wanted.condition->test;
    const Test& right = *other.condition->test;
    if (!wanted.positive || left.index() != right.index()) {
        return false;
    }
    if (const auto* strings = std::get_if<StringSet>(&left)) {
        const auto& more = std::get<StringSet>(right);
        return strings->read == more.read &&
               strings_conflict(*strings, more, other.positive, budget);
    }
    if (const auto* addresses = std::get_if<IpSet>(&left)) {
        const auto& more = std::get<IpSet>(right);
        return addresses->read == more.read && addresses_conflict(*addresses, more, other.positive);
    }
    if (const auto* set = std::get_if<IntSet>(&left)) {
        const auto& more = std::get<IntSet>(right);
        return set->read == more.read && set->read.multi() && !other.positive &&
               std::includes(more.values.begin(), more.values.end(), set->values.begin(),
                             set->values.end());
    }
    if (const auto* age = std::get_if<Age>(&left)) {
        const auto& more = std::get<Age>(right);
        if (!(age->read == more.read) || age->read.multi()) {
            return false;
        }
        Interval both;
        both.keep(age->relation, age->nanoseconds, true);
        both.keep(more.relation, more.nanoseconds, other.positive);
        return both.empty();
    }
    return false;
}

// Every value that one test wants is refused by some other: no two of them need conflict alone.
bool nothing_left(const StringSet& wanted, std::span<const Demand> all, size_t& budget) {
    std::vector<Demand> others;
    for (const Demand& demand : all) {
        const auto* set = test_of<StringSet>(demand);
        if (set != nullptr && set != &wanted && set->read == wanted.read &&
            !(demand.positive && wanted.read.multi())) {
            others.push_back(demand);
        }
    }
    return others.size() > 1 && wanted.read.kind == FieldRead::Kind::kValue &&
           !wanted.literals.empty() &&
           std::all_of(wanted.literals.begin(), wanted.literals.end(), [&](const auto& w) {
               return std::any_of(others.begin(), others.end(), [&](const Demand& other) {
                   return refused(w, *test_of<StringSet>(other), other.positive, budget);
               });
           });
}

// All demands on the one number that `first` reads; empty when it is not the first of several.
std::vector<Demand> same_number(std::span<const Demand> all, const Demand& first) {
    const auto read_of = [](const Demand& demand) {
        return demand.condition->op == Condition::Op::kTest ? only_read(*demand.condition->test)
                                                            : nullptr;
    };
    const FieldRead* read = read_of(first);
    std::vector<Demand> out;
    for (const Demand& demand : all) {
        const FieldRead* other = read == nullptr ? nullptr : read_of(demand);
        if (other != nullptr && *other == *read) {
            out.push_back(demand);
        }
    }
    const bool first_of_several = out.size() > 1 && out.front().condition == first.condition;
    return first_of_several ? out : std::vector<Demand>();
}

// Two of them when two are enough.
std::vector<Demand> smallest_conflict(const FieldRead& read, const std::vector<Demand>& group) {
    for (size_t i = 0; i < group.size(); ++i) {
        for (size_t j = i + 1; j < group.size(); ++j) {
            const Demand pair[] = {group[i], group[j]};
            if (numbers_conflict(read, pair)) {
                return {group[i], group[j]};
            }
        }
    }
    return {group.front()};
}

bool same_place(const Place& a, const Place& b) {
    return a.source == b.source && a.span.begin == b.span.begin && a.span.end == b.span.end;
}

void collect_demands(const Demand& demand, std::vector<Demand>& out) {
    const Condition& condition = *demand.condition;
    if (condition.op == Condition::Op::kNot) {
        const Condition& child = condition.children.front();
        Demand inner{&child, !demand.positive, &child, !demand.positive};
        if (same_place(child.place, demand.shown->place)) {
            inner.shown = demand.shown;
            inner.shown_positive = demand.shown_positive;
        }
        collect_demands(inner, out);
        return;
    }
    if (condition.op != (demand.positive ? Condition::Op::kAnd : Condition::Op::kOr)) {
        out.push_back(demand);
        return;
    }
    for (const Condition& child : condition.children) {
        collect_demands({&child, demand.positive, &child, demand.positive}, out);
    }
}

}  // namespace

std::vector<Demand> demands(const Condition& condition, bool positive) {
    std::vector<Demand> out;
    collect_demands({&condition, positive, &condition, positive}, out);
    const auto in_text = [&](const Demand& demand) {  // those of macros last
        const Place& place = demand.shown->place;
        const bool own = place.source == condition.place.source;
        return own ? place.span.begin : std::numeric_limits<uint32_t>::max();
    };
    std::stable_sort(out.begin(), out.end(),
                     [&](const Demand& a, const Demand& b) { return in_text(a) < in_text(b); });
    return out;
}

int64_t value_at(const IntExpr& number, int64_t read) {
    if (number.op == IntExpr::Op::kConstant) {
        return number.value;
    }
    if (number.op == IntExpr::Op::kRead) {
        return read;
    }
    std::vector<int64_t> args;
    for (const IntExpr& arg : number.args) {
        args.push_back(value_at(arg, read));
    }
    return applied(number.op, args);
}

std::vector<Demand> conflict(std::span<const Demand> all, size_t& budget) {
    if (all.size() > kMaxDemands) {
        return {};
    }
    for (size_t i = 0; i < all.size(); ++i) {
        for (size_t j = i + 1; j < all.size(); ++j) {
            if (pair_conflict(all[i], all[j], budget)) {
                return {all[i], all[j]};
            }
        }
    }
    for (const Demand& demand : all) {
        const std::vector<Demand> group = same_number(all, demand);
        if (!group.empty() && numbers_conflict(*only_read(*demand.condition->test), group)) {
            return smallest_conflict(*only_read(*demand.condition->test), group);
        }
        const auto* set = demand.positive ? test_of<StringSet>(demand) : nullptr;
        if (set != nullptr && nothing_left(*set, all, budget)) {
            return {demand};
        }
    }
    return {};
}

}  // namespace vedette::secl
