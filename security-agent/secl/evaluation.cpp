// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/evaluation.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "security-agent/secl/truth.h"

namespace vedette::secl {
namespace {

class Evaluation {
   public:
    Evaluation(const PredicateIndex& index, const EvalContext& context, IndexState& state,
               uint64_t& clock)
        : index_(index), context_(context), state_(state), clock_(clock), event_stamp_(++clock) {
        stamps_.fill(event_stamp_);
    }

    void run(CostObserver* costs, Outcomes& out) {
        state_.candidates.clear();
        for (const SlotId slot : index_.guard_slots) {
            look_up(slot);
        }
        for (const PredicateId id : index_.guard_predicates) {
            if (predicate(id) != Truth::kFalse) {
                enqueue(index_.predicates[id].guarded);
            }
        }
        enqueue(index_.unguarded);
        if (costs != nullptr) {
            measured(*costs, out);
            return;
        }
        for (const uint32_t rule : state_.candidates) {
            judge(index_.rules[rule], out);
        }
    }

   private:
    void judge(const IndexedRule& rule, Outcomes& out) {
        const Truth found = node(rule.root);
        if (found != Truth::kFalse) {
            (found == Truth::kTrue ? out.matched : out.undecided).push_back(rule.number);
        }
    }

    void measured(CostObserver& costs, Outcomes& out) {
        using Clock = std::chrono::steady_clock;
        Clock::time_point before = Clock::now();
        for (const uint32_t rule : state_.candidates) {
            judge(index_.rules[rule], out);
            const Clock::time_point after = Clock::now();
            costs.evaluated(
                index_.rules[rule].number,
                std::chrono::duration_cast<std::chrono::nanoseconds>(after - before).count());
            before = after;
        }
    }

    void enqueue(uint32_t rule) {
        if (state_.queued[rule] != event_stamp_) {
            state_.queued[rule] = event_stamp_;
            state_.candidates.push_back(rule);
        }
    }
    void enqueue(const std::vector<uint32_t>& rules) {
        for (const uint32_t rule : rules) {
            enqueue(rule);
        }
    }

    // ---- nodes

    Truth node(NodeId id) {
        const BoolNode& n = index_.nodes[id];
        switch (n.op) {
            case BoolNode::Op::kTrue:
                return Truth::kTrue;
            case BoolNode::Op::kFalse:
                return Truth::kFalse;
            case BoolNode::Op::kPredicate:
                return predicate(n.predicate);
            case BoolNode::Op::kNot:
                return negated(node(index_.children_of(n).front()));
            default:
                break;
        }
        const uint64_t now = stamps_[n.registers];
        if (state_.known[id] != now) {
            state_.node_value[id] = compound(n);
            state_.known[id] = now;
        }
        return state_.node_value[id];
    }

    Truth compound(const BoolNode& n) {
        const auto children = index_.children_of(n);
        switch (n.op) {
            case BoolNode::Op::kAnd: {
                Truth all = Truth::kTrue;
                for (size_t i = 0; i < children.size() && all != Truth::kFalse; ++i) {
                    all = std::min(all, node(children[i]));
                }
                return all;
            }
            case BoolNode::Op::kOr: {
                Truth any = Truth::kFalse;
                for (size_t i = 0; i < children.size() && any != Truth::kTrue; ++i) {
                    any = std::max(any, node(children[i]));
                }
                return any;
            }
            case BoolNode::Op::kSome:
                return some(n);
            default: {
                const Truth left = node(children[0]);
                const Truth right = node(children[1]);
                return left == Truth::kUnknown || right == Truth::kUnknown ? Truth::kUnknown
                                                                           : truth(left == right);
            }
        }
    }

    Truth some(const BoolNode& n) {
        const NodeId child = index_.children_of(n).front();
        const size_t count = elements_of(context_, n.iterator).size();
        Truth any = Truth::kFalse;
        for (size_t i = 0; i < count && any != Truth::kTrue; ++i) {
            bound_[n.depth] = i;
            // Whatever reads this register is new; the stamps of masks without it stay.
            const uint64_t now = ++clock_;
            for (size_t mask = 0; mask < stamps_.size(); ++mask) {
                stamps_[mask] = (mask >> n.depth & 1U) != 0 ? now : stamps_[mask];
            }
            any = std::max(any, node(child));
        }
        return any;
    }

    // ---- predicates

    Truth predicate(PredicateId id) {
        const Predicate& p = index_.predicates[id];
        const uint64_t now = stamps_[p.registers];
        if (p.looked_up) {
            look_up(p.slot);
            if (state_.holds[id] == now) {
                return Truth::kTrue;
            }
            return p.may_pend && state_.values[p.slot].pending ? Truth::kUnknown : Truth::kFalse;
        }
        if (state_.tested[id] != now) {
            state_.tested[id] = now;
            state_.verdict[id] = p.may_pend && pending(p) ? Truth::kUnknown : truth(test(p));
        }
        return state_.verdict[id];
    }

    bool pending(const Predicate& p) {
        if (p.kind == Predicate::Kind::kIntCompare) {
            return std::any_of(p.reads.begin(), p.reads.end(),
                               [this](SlotId id) { return load(id).pending; });
        }
        return load(p.slot).pending || (p.kind == Predicate::Kind::kSame && load(p.other).pending);
    }

    // Settles every string, integer and address predicate of a slot.
    void look_up(SlotId id) {
        const Slot& slot = index_.slots[id];
        const uint64_t now = stamps_[slot.registers];
        if (state_.looked_up[id] == now) {
            return;
        }
        state_.looked_up[id] = now;
        const SlotValues& values = load(id);
        if (values.pending) {
            enqueue(slot.guarded);
            return;
        }
        const auto hit = [&](PredicateId fulfilled) {
            if (state_.holds[fulfilled] != now) {
                state_.holds[fulfilled] = now;
                enqueue(index_.predicates[fulfilled].guarded);
            }
        };
        if (slot.strings) {
            for (const std::string_view value : values.strings) {
                slot.strings->match(value, hit);
            }
        }
        if (slot.addresses) {
            for (const std::string_view value : values.strings) {
                slot.addresses->match(value, hit);
            }
        }
        if (!slot.ints.empty()) {
            for (const int64_t value : values.ints) {
                if (const auto it = slot.ints.find(value); it != slot.ints.end()) {
                    std::for_each(it->second.begin(), it->second.end(), hit);
                }
            }
        }
    }

    bool test(const Predicate& p) {
        switch (p.kind) {
            case Predicate::Kind::kIntCompare:
                return compare(p);
            case Predicate::Kind::kIp:
                return in_ranges(p);
            case Predicate::Kind::kAge: {
                const IntList& times = load(p.slot).ints;
                return std::any_of(times.begin(), times.end(), [&](int64_t time) {
                    const auto age = static_cast<int64_t>(static_cast<uint64_t>(context_.now_ns) -
                                                          static_cast<uint64_t>(time));
                    return relation_holds(p.relation, age, p.nanoseconds);
                });
            }
            case Predicate::Kind::kSame:
                return same(p);
            default:
                return false;
        }
    }

    bool compare(const Predicate& p) {
        if (!p.several) {
            return relation_holds(p.relation, value_of(p.left, p, 0), value_of(p.right, p, 0));
        }
        const IntList& elements = load(p.slot).ints;
        return std::any_of(elements.begin(), elements.end(), [&](int64_t element) {
            return relation_holds(p.relation, value_of(p.left, p, element),
                                  value_of(p.right, p, element));
        });
    }

    // Wraps around like the machine.
    int64_t value_of(const SlotExpr& e, const Predicate& p, int64_t element) {
        const auto arg = [&](const SlotExpr& a) {
            return static_cast<uint64_t>(value_of(a, p, element));
        };
        uint64_t result = 0;
        switch (e.op) {
            case IntExpr::Op::kConstant:
                return e.value;
            case IntExpr::Op::kRead:
                return p.several && e.slot == p.slot ? element : load(e.slot).ints.front();
            case IntExpr::Op::kNegate:
                result = 0 - arg(e.args[0]);
                break;
            case IntExpr::Op::kComplement:
                result = ~arg(e.args[0]);
                break;
            case IntExpr::Op::kSum:
                for (const SlotExpr& a : e.args) {
                    result += arg(a);
                }
                break;
            case IntExpr::Op::kBitAnd:
                result = ~uint64_t{0};
                for (const SlotExpr& a : e.args) {
                    result &= arg(a);
                }
                break;
            case IntExpr::Op::kBitOr:
                for (const SlotExpr& a : e.args) {
                    result |= arg(a);
                }
                break;
            case IntExpr::Op::kBitXor:
                for (const SlotExpr& a : e.args) {
                    result ^= arg(a);
                }
                break;
        }
        return static_cast<int64_t>(result);
    }

    bool in_ranges(const Predicate& p) {
        const StringList& addresses = load(p.slot).strings;
        const auto inside = [&](std::string_view bytes) {
            const auto range = range_from_bytes(bytes);
            return range && (p.all ? contains(p.ranges, *range) : overlaps(p.ranges, *range));
        };
        return p.all ? std::all_of(addresses.begin(), addresses.end(), inside)
                     : std::any_of(addresses.begin(), addresses.end(), inside);
    }

    bool same(const Predicate& p) {
        const SlotValues& left = load(p.slot);
        const SlotValues& right = load(p.other);
        const Slot& left_slot = index_.slots[p.slot];
        const Slot& right_slot = index_.slots[p.other];
        if (left_slot.read.type() == ValueType::kInt || left_slot.read.type() == ValueType::kBool) {
            return std::any_of(left.ints.begin(), left.ints.end(), [&](int64_t value) {
                return std::find(right.ints.begin(), right.ints.end(), value) != right.ints.end();
            });
        }
        if (left_slot.read.type() == ValueType::kIp) {
            return networks_meet(left.strings, right.strings, p.all);
        }
        const bool fold = left_slot.ignore_case != right_slot.ignore_case;
        for (std::string_view a : left.strings) {
            a = fold && !left_slot.ignore_case ? lower(a, *context_.scratch) : a;
            for (std::string_view b : right.strings) {
                b = fold && !right_slot.ignore_case ? lower(b, *context_.scratch) : b;
                if (a == b) {
                    return true;
                }
            }
        }
        return false;
    }

    // ---- reading

    const SlotValues& load(SlotId id) {
        const FieldRead& read = index_.slots[id].read;
        const uint64_t now = stamps_[index_.slots[id].registers];
        SlotValues& out = state_.values[id];
        if (state_.loaded[id] == now) {
            return out;
        }
        state_.loaded[id] = now;
        read_values(read, context_, bound_, out);
        if (index_.slots[id].ignore_case) {
            for (std::string_view& value : out.strings) {
                value = lower(value, *context_.scratch);
            }
        }
        return out;
    }

    const PredicateIndex& index_;
    const EvalContext& context_;
    IndexState& state_;
    uint64_t& clock_;
    uint64_t event_stamp_;
    std::array<uint64_t, 1U << kMaxJoinedRegisters> stamps_{};  // per RegisterMask
    std::array<size_t, kMaxJoinedRegisters> bound_{};           // element of each register
};

}  // namespace

void IndexState::fit(const PredicateIndex& index) {
    values.resize(index.slots.size());
    loaded.assign(index.slots.size(), 0);
    looked_up.assign(index.slots.size(), 0);
    holds.assign(index.predicates.size(), 0);
    tested.assign(index.predicates.size(), 0);
    known.assign(index.nodes.size(), 0);
    verdict.assign(index.predicates.size(), Truth::kFalse);
    node_value.assign(index.nodes.size(), Truth::kFalse);
    queued.assign(index.rules.size(), 0);
    candidates.reserve(index.rules.size());
}

void evaluate_index(const PredicateIndex& index, const EvalContext& context, IndexState& state,
                    uint64_t& clock, CostObserver* costs, Outcomes& out) {
    Evaluation(index, context, state, clock).run(costs, out);
}

}  // namespace vedette::secl
