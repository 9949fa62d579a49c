// SPDX-License-Identifier: Apache-2.0
//
// Bound rules to a PredicateIndex: interns slots, predicates and nodes by a canonical key, then has each
// rule's guard chosen.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "security-agent/secl/compiler.h"
#include "security-agent/secl/index_guards.h"
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

template <typename T>
T of_any(T test) {
    test.read.reg = kNoRegister;
    return test;
}

class IndexBuilder {
   public:
    std::unique_ptr<const PredicateIndex> build(std::span<const NumberedRule* const> rules) {
        for (const NumberedRule* one : rules) {
            const NumberedRule& numbered = *one;
            IndexedRule rule;
            rule.number = numbered.number;
            rule.root = node(numbered.rule.condition);
            index_->rules.push_back(rule);
            index_->templates.insert(index_->templates.end(), numbered.rule.templates.begin(),
                                     numbered.rule.templates.end());
        }
        place_guards();
        build_matchers();
        collect_guards();
        order_children();
        return std::move(index_);
    }

   private:
    // ---- interning

    SlotId slot(FieldRead read) {
        if (read.reg != kNoRegister) {
            read.reg = depth_of_[static_cast<size_t>(read.reg)];
        }
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
            slot.may_pend = may_pend(read);
            slot.registers = read.reg == kNoRegister ? RegisterMask{0}
                                                     : static_cast<RegisterMask>(1U << read.reg);
            index_->slots.push_back(std::move(slot));
            entries_.emplace_back();
            ranges_.emplace_back();
        }
        return it->second;
    }

    static bool may_pend(const FieldRead& read) {
        if (read.field->subject != Subject::kTemplate) {
            return read.field->pending != nullptr;
        }
        const auto& parts = static_cast<const Template&>(*read.field).parts;
        return std::any_of(parts.begin(), parts.end(), [](const Template::Part& part) {
            return part.read.field != nullptr && may_pend(part.read);
        });
    }

    // What a predicate owes to the slot it reads.
    void note(Predicate& predicate, SlotId id) const {
        predicate.registers |= index_->slots[id].registers;
        predicate.may_pend |= index_->slots[id].may_pend;
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
            note(predicate, out.slot);
            if (index_->slots[out.slot].may_pend) {
                predicate.reads.push_back(out.slot);
            }
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
            uses_.push_back(0);
        }
        ++uses_[it->second];
        return {it->second, fresh};
    }

    Predicate reading(Predicate::Kind kind, const FieldRead& read) {
        Predicate out;
        out.kind = kind;
        out.slot = slot(read);
        note(out, out.slot);
        return out;
    }

    PredicateId predicate_of(const StringSet& set) {
        Predicate built = reading(Predicate::Kind::kStringSet, set.read);
        built.looked_up = true;
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
        built.looked_up = true;
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
        built.all = set.all;
        // What a variable holds may be a network.
        built.looked_up = !set.all && set.read.field->subject != Subject::kVariable;
        const SlotId at = built.slot;
        const bool together = built.looked_up;
        if (!together) {
            built.ranges = set.ranges;
        }
        Key key('N');
        key.add(at).add(set.all);
        for (const IpRange& range : set.ranges) {
            key.add(range.first.bytes).add(range.last.bytes);
        }
        const auto interned = intern(std::move(key), std::move(built));
        if (interned.second && together) {
            for (const IpRange& range : set.ranges) {
                ranges_[at].push_back({range, interned.first});
            }
        }
        return with_weight(interned, together ? 8 * subject_weight(set.read) : 20);
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
        built.all = same.all;
        note(built, built.other);
        Key key('=');
        key.add(built.slot).add(built.other).add(same.all);
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
                built.registers = index_->predicates[built.predicate].registers;
                if (built.registers != 0) {
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
                built.op = BoolNode::Op::kSome;
                built.depth = depth_;
                built.iterator = condition.iterator;
                depth_of_.resize(
                    std::max(depth_of_.size(), static_cast<size_t>(condition.reg) + 1));
                depth_of_[static_cast<size_t>(condition.reg)] = depth_++;
                break;
        }
        for (const Condition& child : condition.children) {
            children.push_back(node(child));
            built.registers |= index_->nodes[children.back()].registers;
        }
        if (built.op == BoolNode::Op::kSome) {
            --depth_;
            built.registers &= static_cast<RegisterMask>(~(1U << built.depth));
        }
        std::sort(children.begin(), children.end());
        if (built.op == BoolNode::Op::kAnd || built.op == BoolNode::Op::kOr) {
            children.erase(std::unique(children.begin(), children.end()), children.end());
        }
        Key key('n');
        key.add(built.op).add(built.predicate).add(built.depth).add(built.iterator);
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
                } else if constexpr (std::is_same_v<T, IpSet>) {
                    return t.all ? std::nullopt : std::optional(predicate_of(of_any(t)));
                } else {
                    return predicate_of(of_any(t));
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

    void place_guards() {
        // What many rules demand wakes many rules when it holds.
        constexpr double kManyUses = 64;
        for (PredicateId id = 0; id < weights_.size(); ++id) {
            weights_[id] *= 1 + static_cast<double>(uses_[id]) / kManyUses;
        }
        GuardChooser chooser(*index_, weights_, any_version_);
        for (uint32_t rule = 0; rule < index_->rules.size(); ++rule) {
            const auto found = chooser.guard(index_->rules[rule].root, true);
            if (!found) {
                index_->unguarded.push_back(rule);
                continue;
            }
            for (const PredicateId id : found->predicates) {
                index_->predicates[id].guarded.push_back(rule);
            }
        }
    }

    // ---- finishing

    void build_matchers() {
        for (SlotId id = 0; id < index_->slots.size(); ++id) {
            if (!ranges_[id].empty()) {
                index_->slots[id].addresses = std::make_unique<IpMatcher>(ranges_[id]);
            }
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
            if (predicate.looked_up) {
                Slot& slot = index_->slots[predicate.slot];
                if (slot.may_pend) {
                    slot.guarded.insert(slot.guarded.end(), predicate.guarded.begin(),
                                        predicate.guarded.end());
                }
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
    std::vector<uint32_t> uses_;                                              // per predicate
    std::vector<std::vector<IpMatcher::Entry>> ranges_;                       // per slot
    GuardChooser::AnyVersions any_version_;
    std::vector<uint8_t> depth_of_;  // of each register of the rule at hand
    uint8_t depth_ = 0;
};

}  // namespace

std::unique_ptr<const PredicateIndex> build_index(std::span<const NumberedRule* const> rules) {
    return IndexBuilder().build(rules);
}

}  // namespace vedette::secl
