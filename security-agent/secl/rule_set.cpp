// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/rule_set.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "security-agent/secl/predicate_index.h"
#include "security-agent/secl/read_values.h"

namespace vedette::secl {
namespace {

// What is known of one event, per index. A stamp equal to the running number of the event (or, for what depends on
// registers, of the combination) says "known"; nothing is ever cleared.
struct IndexState {
    std::vector<SlotValues> values;
    std::vector<uint64_t> loaded;     // per slot: values are read
    std::vector<uint64_t> looked_up;  // per slot: its predicates are settled
    std::vector<uint64_t> holds;      // per predicate: it is true
    std::vector<uint64_t>
        tested;  // per predicate: `holds` is settled (those that no lookup settles)
    std::vector<uint64_t> known;  // per node
    std::vector<uint8_t> node_value;
    std::vector<uint64_t> queued;  // per rule
    std::vector<uint32_t> candidates;

    void fit(const PredicateIndex& index) {
        values.resize(index.slots.size());
        loaded.assign(index.slots.size(), 0);
        looked_up.assign(index.slots.size(), 0);
        holds.assign(index.predicates.size(), 0);
        tested.assign(index.predicates.size(), 0);
        known.assign(index.nodes.size(), 0);
        node_value.assign(index.nodes.size(), 0);
        queued.assign(index.rules.size(), 0);
        candidates.reserve(index.rules.size());
    }
};

std::atomic<uint64_t> next_rule_set_id{1};  // an address may come back, a number does not

class Evaluation {
   public:
    Evaluation(const PredicateIndex& index, const EvalContext& context, IndexState& state,
               uint64_t& clock)
        : index_(index), context_(context), state_(state), clock_(clock), event_stamp_(++clock) {}

    void run(std::vector<uint32_t>& matches) {
        state_.candidates.clear();
        for (const SlotId slot : index_.guard_slots) {
            look_up(slot);
        }
        for (const PredicateId id : index_.guard_predicates) {
            if (predicate(id)) {
                enqueue(index_.predicates[id]);
            }
        }
        for (const uint32_t rule : index_.unguarded) {
            enqueue(rule);
        }
        for (const uint32_t rule : state_.candidates) {
            if (matches_rule(index_.rules[rule])) {
                matches.push_back(index_.rules[rule].number);
            }
        }
        std::sort(matches.begin(), matches.end());
    }

   private:
    void enqueue(uint32_t rule) {
        if (state_.queued[rule] != event_stamp_) {
            state_.queued[rule] = event_stamp_;
            state_.candidates.push_back(rule);
        }
    }
    void enqueue(const Predicate& predicate) {
        for (const uint32_t rule : predicate.guarded) {
            enqueue(rule);
        }
    }

    uint64_t stamp(bool per_register) const { return per_register ? binding_stamp_ : event_stamp_; }

    // ---- rules and nodes

    bool matches_rule(const IndexedRule& rule) {
        if (rule.registers == 0) {
            return node(rule.root);
        }
        const size_t count = elements_of(context_, Subject::kAncestor).size();
        if (count == 0) {
            return false;
        }
        bound_.fill(0);
        while (true) {
            binding_stamp_ = ++clock_;
            if (node(rule.root)) {
                return true;
            }
            int at = 0;
            while (at < rule.registers && ++bound_[static_cast<size_t>(at)] == count) {
                bound_[static_cast<size_t>(at++)] = 0;
            }
            if (at == rule.registers) {
                return false;
            }
        }
    }

    bool node(NodeId id) {
        const BoolNode& n = index_.nodes[id];
        switch (n.op) {
            case BoolNode::Op::kTrue:
                return true;
            case BoolNode::Op::kFalse:
                return false;
            case BoolNode::Op::kPredicate:
                return predicate(n.predicate);
            case BoolNode::Op::kNot:
                return !node(index_.children_of(n).front());
            default:
                break;
        }
        const uint64_t now = stamp(n.per_register);
        if (state_.known[id] != now) {
            state_.node_value[id] = compound(n) ? 1 : 0;
            state_.known[id] = now;
        }
        return state_.node_value[id] != 0;
    }

    bool compound(const BoolNode& n) {
        const auto children = index_.children_of(n);
        const auto holds = [this](NodeId child) { return node(child); };
        switch (n.op) {
            case BoolNode::Op::kAnd:
                return std::all_of(children.begin(), children.end(), holds);
            case BoolNode::Op::kOr:
                return std::any_of(children.begin(), children.end(), holds);
            default:
                return node(children[0]) == node(children[1]);
        }
    }

    // ---- predicates

    bool predicate(PredicateId id) {
        const Predicate& p = index_.predicates[id];
        const uint64_t now = stamp(p.per_register);
        if (p.kind == Predicate::Kind::kStringSet || p.kind == Predicate::Kind::kIntSet) {
            look_up(p.slot);
            return state_.holds[id] == now;
        }
        if (state_.tested[id] != now) {
            state_.tested[id] = now;
            state_.holds[id] = test(p) ? now : 0;
        }
        return state_.holds[id] == now;
    }

    // Settles every string and integer predicate of a slot.
    void look_up(SlotId id) {
        const Slot& slot = index_.slots[id];
        const uint64_t now = stamp(slot.read.reg != kNoRegister);
        if (state_.looked_up[id] == now) {
            return;
        }
        state_.looked_up[id] = now;
        const SlotValues& values = load(id);
        const auto hit = [&](PredicateId fulfilled) {
            if (state_.holds[fulfilled] != now) {
                state_.holds[fulfilled] = now;
                enqueue(index_.predicates[fulfilled]);
            }
        };
        if (slot.strings) {
            for (const std::string_view value : values.strings) {
                slot.strings->match(value, hit);
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
            const auto address = ip_from_bytes(bytes);
            return address && contains(p.ranges, *address);
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
        const bool ip = left_slot.read.type() == ValueType::kIp;
        const bool fold = left_slot.ignore_case != right_slot.ignore_case;
        for (std::string_view a : left.strings) {
            a = fold && !left_slot.ignore_case ? lower(a, *context_.scratch) : a;
            for (std::string_view b : right.strings) {
                b = fold && !right_slot.ignore_case ? lower(b, *context_.scratch) : b;
                if (ip ? same_address(a, b) : a == b) {
                    return true;
                }
            }
        }
        return false;
    }

    static bool same_address(std::string_view a, std::string_view b) {
        const auto left = ip_from_bytes(a);
        return left && left == ip_from_bytes(b);
    }

    // ---- reading

    const SlotValues& load(SlotId id) {
        const FieldRead& read = index_.slots[id].read;
        const uint64_t now = stamp(read.reg != kNoRegister);
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
    uint64_t binding_stamp_ = 0;
    std::array<size_t, kMaxRegisters> bound_{};  // ancestor of each register
};

}  // namespace

struct EvalState::Impl {
    uint64_t rule_set = 0;
    uint64_t clock = 0;
    std::vector<IndexState> states;  // as RuleSet::indexes_
    std::vector<uint32_t> matches;
};

EvalState::EvalState() : impl_(std::make_unique<Impl>()) {}
EvalState::~EvalState() = default;
EvalState::EvalState(EvalState&&) noexcept = default;
EvalState& EvalState::operator=(EvalState&&) noexcept = default;

RuleSet::RuleSet(std::vector<TypeIndex> indexes)
    : id_(next_rule_set_id.fetch_add(1)), indexes_(std::move(indexes)) {
    std::sort(indexes_.begin(), indexes_.end(),
              [](const TypeIndex& a, const TypeIndex& b) { return a.type < b.type; });
    for (const TypeIndex& entry : indexes_) {
        event_types_.push_back(entry.type);
    }
}

RuleSet::~RuleSet() = default;

const PredicateIndex* RuleSet::index(EventTypeId type) const {
    const auto it = std::lower_bound(event_types_.begin(), event_types_.end(), type);
    return it != event_types_.end() && *it == type
               ? indexes_[static_cast<size_t>(it - event_types_.begin())].index.get()
               : nullptr;
}

std::span<const uint32_t> RuleSet::evaluate(const EvalContext& context, EvalState& state) const {
    EvalState::Impl& impl = *state.impl_;
    impl.matches.clear();
    const auto it = std::lower_bound(event_types_.begin(), event_types_.end(), context.type);
    if (it == event_types_.end() || *it != context.type) {
        return {};
    }
    if (impl.rule_set != id_) {
        impl.rule_set = id_;
        impl.states.clear();
        impl.states.resize(indexes_.size());
        for (size_t i = 0; i < indexes_.size(); ++i) {
            impl.states[i].fit(*indexes_[i].index);
        }
    }
    const auto position = static_cast<size_t>(it - event_types_.begin());
    Evaluation(*indexes_[position].index, context, impl.states[position], impl.clock)
        .run(impl.matches);
    return impl.matches;
}

}  // namespace vedette::secl
