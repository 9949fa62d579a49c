// SPDX-License-Identifier: Apache-2.0
//
// The rules of one event type, compiled together.
//
//   slot        one thing that rules read; read at most once per event (and element of a register)
//   predicate   one test of slots; equal tests of different rules are one predicate. All string, integer and address
//               constants on a slot are looked up together, which settles all of its predicates at once
//   node        and, or, not, some over predicates; equal sub-expressions of different rules are one node
//   guard       predicates of which at least one holds, or is not known, whenever the rule matches or is undecided.
//               An event looks up the guards' slots and then evaluates only the rules whose guard has fired
//
// Registers are numbered by how deep their kSome stands, so that equal joins of different rules are equal.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/ip_matcher.h"
#include "security-agent/secl/string_matcher.h"

namespace vedette::secl {

struct NumberedRule;

using SlotId = uint32_t;
using PredicateId = uint32_t;
using NodeId = uint32_t;
/// Bit n: depends on the register of depth n.
using RegisterMask = uint8_t;

/// IntExpr with slots in place of reads.
struct SlotExpr {
    IntExpr::Op op = IntExpr::Op::kConstant;
    int64_t value = 0;
    SlotId slot = 0;
    std::vector<SlotExpr> args;
};

struct Slot {
    FieldRead read;
    bool ignore_case = false;
    bool guard = false;     ///< looked up for every event
    bool may_pend = false;  ///< there are events for which its value is not known yet
    RegisterMask registers = 0;
    std::unique_ptr<StringMatcher> strings;  ///< null when no rule compares it with literals
    std::unique_ptr<IpMatcher> addresses;    ///< null when no rule compares it with networks
    boost::unordered_flat_map<int64_t, std::vector<PredicateId>> ints;
    std::vector<uint32_t> guarded;  ///< rules to evaluate when its value is not known
};

struct Predicate {
    enum class Kind : uint8_t { kStringSet, kIntSet, kIntCompare, kIp, kAge, kSame };
    Kind kind = Kind::kStringSet;
    bool looked_up = false;  ///< looking its slot up settles it
    bool may_pend = false;
    RegisterMask registers = 0;
    Relation relation = Relation::kEqual;
    bool all = false;  ///< kIp, kSame
    SlotId slot = 0;   ///< kIntCompare: the one with several values, if `several`
    SlotId other = 0;  ///< kSame
    bool several = false;
    int64_t nanoseconds = 0;  ///< kAge
    std::vector<IpRange> ranges;
    SlotExpr left;
    SlotExpr right;
    std::vector<SlotId> reads;  ///< kIntCompare: those that may not be known
    std::vector<uint32_t>
        guarded;  ///< rules (positions in PredicateIndex::rules) to evaluate once it holds
};

struct BoolNode {
    enum class Op : uint8_t { kTrue, kFalse, kPredicate, kNot, kAnd, kOr, kEqual, kSome };
    Op op = Op::kTrue;
    RegisterMask registers = 0;
    uint8_t depth = 0;                      ///< kSome: number of its register
    Subject iterator = Subject::kAncestor;  ///< kSome
    PredicateId predicate = 0;
    uint32_t first_child = 0;  ///< in PredicateIndex::children
    uint32_t child_count = 0;
};

struct IndexedRule {
    uint32_t number = 0;  ///< the caller's
    NodeId root = 0;
};

class PredicateIndex {
   public:
    std::vector<Slot> slots;
    std::vector<Predicate> predicates;
    std::vector<BoolNode> nodes;
    std::vector<NodeId> children;
    std::vector<IndexedRule> rules;
    std::vector<SlotId> guard_slots;  ///< looked up for every event
    std::vector<PredicateId>
        guard_predicates;             ///< guards that no lookup settles: tested for every event
    std::vector<uint32_t> unguarded;  ///< rules to evaluate for every event
    std::vector<std::shared_ptr<const Template>> templates;  ///< that slots read

    std::span<const NodeId> children_of(const BoolNode& node) const {
        return {children.data() + node.first_child, node.child_count};
    }
};

std::unique_ptr<const PredicateIndex> build_index(std::span<const NumberedRule* const> rules);

}  // namespace vedette::secl
