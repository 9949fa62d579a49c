// SPDX-License-Identifier: Apache-2.0
//
// A walk over each rule: what must hold whenever it holds. Of operands joined by "and" one is enough, the best; of
// those joined by "or" every one must have approvers, and all count.
#include "security-agent/secl/filter_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "security-agent/secl/explain_values.h"
#include "security-agent/secl/filter_plan_fields.h"
#include "security-agent/secl/filter_plan_leaf.h"

namespace vedette::secl {
namespace {

constexpr size_t kShownText = 60;

class Walk {
   public:
    Walk(std::string_view event, const FieldTable& fields) : tests_(event, fields) {}

    Derived of(const Condition& condition, bool positive) {
        switch (condition.op) {
            case Condition::Op::kConstant:
                return condition.value == positive ? missing("is always true") : never();
            case Condition::Op::kTest:
                return tests_.derive(*condition.test, positive);
            case Condition::Op::kNot:
                return of(condition.children.front(), !positive);
            case Condition::Op::kAnd:
                return positive ? best(condition, true) : every(condition, false);
            case Condition::Op::kOr:
                return positive ? every(condition, true) : best(condition, false);
            case Condition::Op::kEqual:
                return missing("compares two conditions");
            case Condition::Op::kSome:
                // "For no element" holds where there are no elements, whatever the condition says.
                return positive ? of(condition.children.front(), true)
                                : missing("excludes elements, requires none");
        }
        return missing("");
    }

   private:
    Derived best(const Condition& condition, bool positive) {
        Derived chosen = missing("");
        for (const Condition& child : condition.children) {
            Derived next = of(child, positive);
            const bool better = next.found ? !chosen.found || next.weight > chosen.weight ||
                                                 (next.weight == chosen.weight &&
                                                  next.approvers.size() < chosen.approvers.size())
                                           : !chosen.found && chosen.why.empty();
            if (better) {
                chosen = std::move(next);
            }
        }
        return chosen;
    }

    Derived every(const Condition& condition, bool positive) {
        Derived all = never();
        for (const Condition& child : condition.children) {
            Derived next = of(child, positive);
            if (!next.found) {
                const std::string text = source_text(child.place, kShownText);
                next.why =
                    fmt::format("an alternative has none{}{}{}", text.empty() ? "" : ": " + text,
                                next.why.empty() ? "" : ": ", next.why);
                return next;
            }
            all.weight = std::min(all.weight, next.weight);
            std::move(next.approvers.begin(), next.approvers.end(),
                      std::back_inserter(all.approvers));
        }
        return all;
    }

    TestApprovers tests_;
};

auto key(const Approver& a) {
    return std::tuple(a.field->name, a.kind, std::string_view(a.text), a.first, a.last);
}

// Sorted by field, each once, and all "any of these bits" of a field as one mask.
std::vector<Approver> joined(std::vector<Approver> approvers) {
    std::map<std::string_view, int64_t> masks;
    for (const Approver& approver : approvers) {
        if (approver.kind == ApproverKind::kFlagsAny) {
            masks[approver.field->name] |= approver.first;
        }
    }
    for (Approver& approver : approvers) {
        if (approver.kind == ApproverKind::kFlagsAny) {
            approver.first = masks[approver.field->name];
        }
    }
    std::sort(approvers.begin(), approvers.end(),
              [](const Approver& a, const Approver& b) { return key(a) < key(b); });
    approvers.erase(std::unique(approvers.begin(), approvers.end()), approvers.end());
    return approvers;
}

bool is_name(const Approver& approver) {
    return approver.kind == ApproverKind::kBasename ||
           approver.kind == ApproverKind::kBasenamePrefix ||
           approver.kind == ApproverKind::kBasenameSuffix ||
           approver.kind == ApproverKind::kParent || approver.kind == ApproverKind::kPathPrefix;
}

// The rules of one event type.
class TypePlan {
   public:
    TypePlan(EventFilter& filter, const FieldTable& fields)
        : filter_(filter), walk_(filter.name, fields) {}

    void add(const NumberedRule& rule, std::string id) {
        Derived derived = walk_.of(rule.rule.condition, true);
        if (const std::string_view why = always_collected(filter_.name); !why.empty()) {
            filter_.accept_rules.push_back({rule.number, std::move(id), std::string(why)});
            return;
        }
        if (!derived.found) {
            if (derived.why.empty())
                derived.why = fmt::format("requires nothing that the {} can filter on",
                                          tested_by_probe(filter_.name) ? "probe" : "kernel");
            filter_.accept_rules.push_back({rule.number, std::move(id), std::move(derived.why)});
            return;
        }
        const bool names = !tested_by_probe(filter_.name) &&
                           std::any_of(derived.approvers.begin(), derived.approvers.end(), is_name);
        if (names) {
            by_name_.push_back({rule.number, std::move(id), {}});
        }
        std::move(derived.approvers.begin(), derived.approvers.end(),
                  std::back_inserter(filter_.approvers));
    }

    // `names`: those of all types so far.
    void finish(std::set<std::pair<ApproverKind, std::string>>& names) {
        filter_.approvers = joined(std::move(filter_.approvers));
        if (!filter_.deny() || tested_by_probe(filter_.name)) {
            return;
        }
        auto with_mine = names;
        for (const Approver& approver : filter_.approvers) {
            if (is_name(approver)) {
                with_mine.emplace(approver.kind, approver.text);
            }
        }
        if (with_mine.size() <= kMaxBasenameApprovers) {
            names = std::move(with_mine);
            return;
        }
        for (AcceptReason& rule : by_name_) {
            rule.reason = fmt::format("the kernel holds {} file names, this policy has more",
                                      kMaxBasenameApprovers);
        }
        filter_.accept_rules = std::move(by_name_);
    }

   private:
    EventFilter& filter_;
    Walk walk_;
    std::vector<AcceptReason> by_name_;
};

}  // namespace

Derived never() {
    return {true, {}, std::numeric_limits<int>::max(), {}};
}
Derived missing(std::string why) {
    return {false, {}, 0, std::move(why)};
}

const EventFilter* FilterPlan::find(EventTypeId event) const {
    const auto it = std::find_if(events.begin(), events.end(),
                                 [&](const EventFilter& f) { return f.event == event; });
    return it == events.end() ? nullptr : &*it;
}

FilterPlan plan_filters(std::span<const NumberedRule> rules, std::span<const std::string> rule_ids,
                        const FieldTable& fields) {
    std::map<std::string_view, std::pair<EventTypeId, std::vector<const NumberedRule*>>> by_name;
    for (const NumberedRule& rule : rules) {
        const auto events = fields.events();
        const auto event = std::find_if(events.begin(), events.end(), [&](const EventTypeDef& e) {
            return e.id == rule.rule.event;
        });
        if (event != events.end()) {
            auto& entry = by_name[event->name];
            entry.first = event->id;
            entry.second.push_back(&rule);
        }
    }
    FilterPlan plan;
    std::set<std::pair<ApproverKind, std::string>> names;
    for (const auto& [name, entry] : by_name) {
        EventFilter filter;
        filter.event = entry.first;
        filter.name = name;
        TypePlan type(filter, fields);
        for (const NumberedRule* rule : entry.second) {
            type.add(*rule, rule->number < rule_ids.size() ? rule_ids[rule->number] : "");
        }
        type.finish(names);
        plan.events.push_back(std::move(filter));
    }
    return plan;
}

}  // namespace vedette::secl
