// SPDX-License-Identifier: Apache-2.0
//
// The rules of one event type, compiled together.
//
//   slot        one thing that rules read; read at most once per event
//   predicate   one test of slots; equal tests of different rules are one predicate. All string and integer
//               constants on a slot are looked up together, which settles all of its predicates at once
//   node        and, or, not over predicates; equal sub-expressions of different rules are one node
//   guard       predicates of which at least one holds whenever the rule matches. An event looks up the guards'
//               slots and then evaluates only the rules whose guard has fired
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/string_matcher.h"

namespace vedette::secl {

struct NumberedRule;

using SlotId = uint32_t;
using PredicateId = uint32_t;
using NodeId = uint32_t;

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
    bool guard = false;                      ///< looked up for every event
    std::unique_ptr<StringMatcher> strings;  ///< null when no rule compares it with literals
    boost::unordered_flat_map<int64_t, std::vector<PredicateId>> ints;
};

struct Predicate {
    enum class Kind : uint8_t { kStringSet, kIntSet, kIntCompare, kIp, kAge, kSame };
    Kind kind = Kind::kStringSet;
    bool per_register = false;  ///< reads through a register
    Relation relation = Relation::kEqual;
    bool all = false;  ///< kIp
    SlotId slot = 0;   ///< kIntCompare: the one with several values, if `several`
    SlotId other = 0;  ///< kSame
    bool several = false;
    int64_t nanoseconds = 0;  ///< kAge
    std::vector<IpRange> ranges;
    SlotExpr left;
    SlotExpr right;
    std::vector<uint32_t>
        guarded;  ///< rules (positions in PredicateIndex::rules) to evaluate once it holds
};

struct BoolNode {
    enum class Op : uint8_t { kTrue, kFalse, kPredicate, kNot, kAnd, kOr, kEqual };
    Op op = Op::kTrue;
    bool per_register = false;
    PredicateId predicate = 0;
    uint32_t first_child = 0;  ///< in PredicateIndex::children
    uint32_t child_count = 0;
};

struct IndexedRule {
    uint32_t number = 0;  ///< the caller's
    NodeId root = 0;
    int registers = 0;
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

    std::span<const NodeId> children_of(const BoolNode& node) const {
        return {children.data() + node.first_child, node.child_count};
    }
};

std::unique_ptr<const PredicateIndex> build_index(std::span<const NumberedRule* const> rules);

}  // namespace vedette::secl
