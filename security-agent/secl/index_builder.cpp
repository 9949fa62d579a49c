// SPDX-License-Identifier: Apache-2.0
//
// Bound rules to a PredicateIndex: interns slots, predicates and nodes by a canonical key, then chooses each
// rule's guard by an estimate of how rarely it fires and what it costs to look up.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "security-agent/secl/compiler.h"
#include "security-agent/secl/predicate_index.h"

namespace vedette::secl {
namespace {

// Canonical bytes of a value; equal keys mean equal things.
class Key {
   public:
    explicit Key(char tag) : bytes_(1, tag) {}

    template <typename T>
        requires std::is_trivially_copyable_v<T>
    Key& add(const T& value) {
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
        return *this;
    }
    Key& add(std::string_view text) {
        add(text.size());
        bytes_.append(text);
        return *this;
    }
    std::string take() { return std::move(bytes_); }
    const std::string& bytes() const { return bytes_; }

   private:
    std::string bytes_;
};

// Predicates of which one holds whenever a node is true (or, negated, false).
struct Guard {
    std::vector<PredicateId> predicates;
    double weight = 0;  // the smaller the better
};

class IndexBuilder {
   public:
    std::unique_ptr<const PredicateIndex> build(std::span<const NumberedRule* const> rules) {
        for (const NumberedRule* one : rules) {
            const NumberedRule& numbered = *one;
            IndexedRule rule;
            rule.number = numbered.number;
            rule.root = node(numbered.rule.condition);
            rule.registers = static_cast<int>(numbered.rule.registers.size());
            index_->rules.push_back(rule);
        }
        for (uint32_t rule = 0; rule < index_->rules.size(); ++rule) {
            place_guard(rule);
        }
        build_matchers();
        collect_guards();
        order_children();
        return std::move(index_);
    }

   private:
    // ---- interning

    SlotId slot(const FieldRead& read) {
        const std::string key =
            Key('s').add(read.field).add(read.kind).add(read.index).add(read.reg).take();
        const auto [it, fresh] =
            slot_by_key_.emplace(key, static_cast<SlotId>(index_->slots.size()));
        if (fresh) {
            Slot slot;
            slot.read = read;
            slot.ignore_case = read.kind == FieldRead::Kind::kValue &&
                               read.type() == ValueType::kString &&
                               read.field->matching == Matching::kCaseInsensitive;
            index_->slots.push_back(std::move(slot));
            entries_.emplace_back();
        }
        return it->second;
    }

    SlotExpr expression(const IntExpr& number, Key& key, Predicate& predicate) {
        SlotExpr out;
        out.op = number.op;
        key.add(number.op).add(number.args.size());
        if (number.op == IntExpr::Op::kConstant) {
            out.value = number.value;
            key.add(number.value);
        } else if (number.op == IntExpr::Op::kRead) {
            out.slot = slot(number.read);
            key.add(out.slot);
            predicate.per_register |= number.read.reg != kNoRegister;
            if (number.read.multi()) {
                predicate.several = true;
                predicate.slot = out.slot;
            }
        }
        for (const IntExpr& arg : number.args) {
            out.args.push_back(expression(arg, key, predicate));
        }
        return out;
    }

    PredicateId predicate(const Test& test) {
        return std::visit([this](const auto& t) { return predicate_of(t); }, test);
    }

    std::pair<PredicateId, bool> intern(Key key, Predicate predicate) {
        const auto [it, fresh] = predicate_by_key_.emplace(
            key.take(), static_cast<PredicateId>(index_->predicates.size()));
        if (fresh) {
            index_->predicates.push_back(std::move(predicate));
        }
        return {it->second, fresh};
    }

    Predicate reading(Predicate::Kind kind, const FieldRead& read) {
        Predicate out;
        out.kind = kind;
        out.slot = slot(read);
        out.per_register = read.reg != kNoRegister;
        return out;
    }

    PredicateId predicate_of(const StringSet& set) {
        Predicate built = reading(Predicate::Kind::kStringSet, set.read);
        const SlotId at = built.slot;
        Key key('S');
        key.add(at);
        for (const StringLiteral& literal : set.literals) {
            key.add(literal.kind).add(std::string_view(literal.text));
        }
        const auto [id, fresh] = intern(std::move(key), std::move(built));
        if (fresh) {
            for (const StringLiteral& literal : set.literals) {
                entries_[at][literal].push_back(id);
            }
            weights_.push_back(weight_of(set));
        }
        return id;
    }

    PredicateId predicate_of(const IntSet& set) {
        Predicate built = reading(Predicate::Kind::kIntSet, set.read);
        const SlotId at = built.slot;
        Key key('I');
        key.add(at);
        for (const int64_t value : set.values) {
            key.add(value);
        }
        const auto [id, fresh] = intern(std::move(key), std::move(built));
        if (fresh) {
            for (const int64_t value : set.values) {
                index_->slots[at].ints[value].push_back(id);
            }
            const bool boolean = set.read.type() == ValueType::kBool;
            weights_.push_back((boolean ? 60 : 10) * subject_weight(set.read));
        }
        return id;
    }

    PredicateId predicate_of(const IntCompare& compare) {
        Predicate built;
        built.kind = Predicate::Kind::kIntCompare;
        built.relation = compare.relation;
        Key key('C');
        key.add(compare.relation);
        built.left = expression(compare.left, key, built);
        built.right = expression(compare.right, key, built);
        return with_weight(intern(std::move(key), std::move(built)), 40);
    }

    PredicateId predicate_of(const IpSet& set) {
        Predicate built = reading(Predicate::Kind::kIp, set.read);
        built.ranges = set.ranges;
        built.all = set.all;
        Key key('N');
        key.add(built.slot).add(set.all);
        for (const IpRange& range : set.ranges) {
            key.add(range.first.bytes).add(range.last.bytes);
        }
        return with_weight(intern(std::move(key), std::move(built)), 20);
    }

    PredicateId predicate_of(const Age& age) {
        Predicate built = reading(Predicate::Kind::kAge, age.read);
        built.relation = age.relation;
        built.nanoseconds = age.nanoseconds;
        Key key('A');
        key.add(built.slot).add(age.relation).add(age.nanoseconds);
        return with_weight(intern(std::move(key), std::move(built)), 50);
    }

    PredicateId predicate_of(const SameValue& same) {
        Predicate built = reading(Predicate::Kind::kSame, same.left);
        built.other = slot(same.right);
        built.per_register |= same.right.reg != kNoRegister;
        Key key('=');
        key.add(built.slot).add(built.other);
        return with_weight(intern(std::move(key), std::move(built)), 80);
    }

    PredicateId with_weight(std::pair<PredicateId, bool> interned, double weight) {
        if (interned.second) {
            weights_.push_back(weight);
        }
        return interned.first;
    }

    NodeId node(const Condition& condition) {
        BoolNode built;
        std::vector<NodeId> children;
        switch (condition.op) {
            case Condition::Op::kConstant:
                built.op = condition.value ? BoolNode::Op::kTrue : BoolNode::Op::kFalse;
                break;
            case Condition::Op::kTest:
                built.op = BoolNode::Op::kPredicate;
                built.predicate = predicate(*condition.test);
                built.per_register = index_->predicates[built.predicate].per_register;
                if (built.per_register) {
                    any_version_[built.predicate] = without_register(*condition.test);
                }
                break;
            case Condition::Op::kNot:
                built.op = BoolNode::Op::kNot;
                break;
            case Condition::Op::kAnd:
                built.op = BoolNode::Op::kAnd;
                break;
            case Condition::Op::kOr:
                built.op = BoolNode::Op::kOr;
                break;
            case Condition::Op::kEqual:
                built.op = BoolNode::Op::kEqual;
                break;
            case Condition::Op::kSome:
                return node(condition.children.front());
        }
        for (const Condition& child : condition.children) {
            children.push_back(node(child));
            built.per_register |= index_->nodes[children.back()].per_register;
        }
        std::sort(children.begin(), children.end());
        if (built.op == BoolNode::Op::kAnd || built.op == BoolNode::Op::kOr) {
            children.erase(std::unique(children.begin(), children.end()), children.end());
        }
        Key key('n');
        key.add(built.op).add(built.predicate);
        for (const NodeId child : children) {
            key.add(child);
        }
        const auto [it, fresh] =
            node_by_key_.emplace(key.take(), static_cast<NodeId>(index_->nodes.size()));
        if (fresh) {
            built.first_child = static_cast<uint32_t>(index_->children.size());
            built.child_count = static_cast<uint32_t>(children.size());
            index_->children.insert(index_->children.end(), children.begin(), children.end());
            index_->nodes.push_back(built);
        }
        return it->second;
    }

    // ---- guards

    // "Some ancestor passes" holds whenever "the ancestor in the register passes" does; nothing when the test
    // joins two fields of it.
    std::optional<PredicateId> without_register(const Test& test) {
        return std::visit(
            [this](const auto& t) -> std::optional<PredicateId> {
                using T = std::decay_t<decltype(t)>;
                if constexpr (std::is_same_v<T, IntCompare> || std::is_same_v<T, SameValue>) {
                    return std::nullopt;
                } else {
                    T any = t;
                    any.read.reg = kNoRegister;
                    return predicate_of(any);
                }
            },
            test);
    }

    static double subject_weight(const FieldRead& read) {
        // What is true of a process stays true for all its events; lists and ancestors cost more to read.
        double weight =
            read.field->subject == Subject::kEvent || read.field->event != kAnyEvent ? 1 : 2;
        return read.multi() ? weight * 4 : weight;
    }

    static double weight_of(const StringSet& set) {
        double weight = 1;
        for (const StringLiteral& literal : set.literals) {
            switch (literal.kind) {
                case StringLiteral::Kind::kExact:
                    weight += 0.05;
                    break;
                case StringLiteral::Kind::kRegexp:
                    weight += 30;
                    break;
                default: {
                    const size_t literal_bytes =
                        literal.text.size() - static_cast<size_t>(std::count(
                                                  literal.text.begin(), literal.text.end(), '*'));
                    weight += literal_bytes >= 5 ? 0.5 : 30;
                }
            }
        }
        return weight * subject_weight(set.read);
    }

    using GuardPtr = std::shared_ptr<const Guard>;  // null: nothing is necessary

    // What must hold for the node to be `wanted`. Memoised: nodes are shared between rules.
    GuardPtr guard(NodeId id, bool wanted) {
        const auto key = std::make_pair(id, wanted);
        if (const auto it = guards_.find(key); it != guards_.end()) {
            return it->second;
        }
        GuardPtr found = compute_guard(index_->nodes[id], wanted);
        guards_.emplace(key, found);
        return found;
    }

    GuardPtr compute_guard(const BoolNode& node, bool wanted) {
        switch (node.op) {
            case BoolNode::Op::kPredicate:
                return wanted ? predicate_guard(node.predicate) : nullptr;
            case BoolNode::Op::kNot:
                return guard(index_->children_of(node).front(), !wanted);
            case BoolNode::Op::kAnd:
                return wanted ? best_of(node, wanted) : union_of(node, wanted);
            case BoolNode::Op::kOr:
                return wanted ? union_of(node, wanted) : best_of(node, wanted);
            case BoolNode::Op::kTrue:
                return wanted ? nullptr : std::make_shared<Guard>();
            case BoolNode::Op::kFalse:
                return wanted ? std::make_shared<Guard>() : nullptr;
            case BoolNode::Op::kEqual:
                return nullptr;
        }
        return nullptr;
    }

    GuardPtr predicate_guard(PredicateId id) {
        if (index_->predicates[id].per_register) {
            const auto any = any_version_.at(id);
            if (!any) {
                return nullptr;
            }
            id = *any;
        }
        return std::make_shared<Guard>(Guard{{id}, weights_[id]});
    }

    // Each child is necessary: the best one will do.
    GuardPtr best_of(const BoolNode& node, bool wanted) {
        GuardPtr best;
        for (const NodeId child : index_->children_of(node)) {
            GuardPtr candidate = guard(child, wanted);
            if (candidate && (!best || candidate->weight < best->weight)) {
                best = std::move(candidate);
            }
        }
        return best;
    }

    // One of the children is necessary.
    GuardPtr union_of(const BoolNode& node, bool wanted) {
        auto all = std::make_shared<Guard>();
        for (const NodeId child : index_->children_of(node)) {
            const GuardPtr part = guard(child, wanted);
            if (!part) {
                return nullptr;
            }
            all->predicates.insert(all->predicates.end(), part->predicates.begin(),
                                   part->predicates.end());
            all->weight += part->weight;
        }
        std::sort(all->predicates.begin(), all->predicates.end());
        all->predicates.erase(std::unique(all->predicates.begin(), all->predicates.end()),
                              all->predicates.end());
        return all;
    }

    void place_guard(uint32_t rule) {
        const GuardPtr found = guard(index_->rules[rule].root, true);
        if (!found) {
            index_->unguarded.push_back(rule);
            return;
        }
        for (const PredicateId id : found->predicates) {
            index_->predicates[id].guarded.push_back(rule);
        }
    }

    // ---- finishing

    void build_matchers() {
        for (SlotId id = 0; id < index_->slots.size(); ++id) {
            if (entries_[id].empty()) {
                continue;
            }
            std::vector<StringMatcher::Entry> list;
            list.reserve(entries_[id].size());
            for (auto& [literal, targets] : entries_[id]) {
                list.push_back({literal, std::move(targets)});
            }
            index_->slots[id].strings =
                std::make_unique<StringMatcher>(std::move(list), index_->slots[id].ignore_case);
        }
    }

    void collect_guards() {
        for (PredicateId id = 0; id < index_->predicates.size(); ++id) {
            const Predicate& predicate = index_->predicates[id];
            if (predicate.guarded.empty()) {
                continue;
            }
            if (predicate.kind == Predicate::Kind::kStringSet ||
                predicate.kind == Predicate::Kind::kIntSet) {
                Slot& slot = index_->slots[predicate.slot];
                if (!std::exchange(slot.guard, true)) {
                    index_->guard_slots.push_back(predicate.slot);
                }
            } else {
                index_->guard_predicates.push_back(id);
            }
        }
    }

    // Cheap children first: they may make the others needless.
    void order_children() {
        std::vector<double> cost(index_->nodes.size());
        for (NodeId id = 0; id < index_->nodes.size(); ++id) {
            const BoolNode& node = index_->nodes[id];
            cost[id] = node.op == BoolNode::Op::kPredicate ? evaluation_cost(node.predicate) : 1;
            for (const NodeId child : index_->children_of(node)) {
                cost[id] += cost[child];  // children have smaller numbers
            }
            const auto first = index_->children.begin() + node.first_child;
            std::stable_sort(first, first + node.child_count,
                             [&](NodeId a, NodeId b) { return cost[a] < cost[b]; });
        }
    }

    double evaluation_cost(PredicateId id) const {
        const Predicate& predicate = index_->predicates[id];
        if (predicate.kind == Predicate::Kind::kIntCompare) {
            return predicate.several ? 40 : 3;
        }
        const Slot& slot = index_->slots[predicate.slot];
        const double base =
            predicate.kind == Predicate::Kind::kStringSet ? (slot.guard ? 1 : 10) : 3;
        return slot.read.multi() ? base * 10 : base;
    }

    std::unique_ptr<PredicateIndex> index_ = std::make_unique<PredicateIndex>();
    boost::unordered_flat_map<std::string, SlotId> slot_by_key_;
    boost::unordered_flat_map<std::string, PredicateId> predicate_by_key_;
    boost::unordered_flat_map<std::string, NodeId> node_by_key_;
    std::vector<std::map<StringLiteral, std::vector<PredicateId>>> entries_;  // per slot
    std::vector<double> weights_;                                             // per predicate
    boost::unordered_flat_map<PredicateId, std::optional<PredicateId>> any_version_;
    std::map<std::pair<NodeId, bool>, GuardPtr> guards_;
};

}  // namespace

std::unique_ptr<const PredicateIndex> build_index(std::span<const NumberedRule* const> rules) {
    return IndexBuilder().build(rules);
}

}  // namespace vedette::secl
