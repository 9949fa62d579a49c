// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/rule_set.h"

#include <algorithm>
#include <atomic>

#include "security-agent/secl/evaluation.h"

namespace vedette::secl {
namespace {

std::atomic<uint64_t> next_rule_set_id{1};  // an address may come back, a number does not

void sort_unique(std::vector<uint32_t>& numbers) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

// A rule that stands for several (fim.write) has one number: it matches when one of them does.
void sort_numbers(Outcomes& out) {
    sort_unique(out.matched);
    sort_unique(out.undecided);
    std::erase_if(out.undecided, [&](uint32_t number) {
        return std::binary_search(out.matched.begin(), out.matched.end(), number);
    });
}

}  // namespace

struct EvalState::Impl {
    uint64_t rule_set = 0;
    uint64_t clock = 0;
    std::vector<IndexState> states;  // as RuleSet::indexes_
    Outcomes outcomes;
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

Matches RuleSet::evaluate(const EvalContext& context, EvalState& state, CostObserver* costs) const {
    EvalState::Impl& impl = *state.impl_;
    Outcomes& out = impl.outcomes;
    out.matched.clear();
    out.undecided.clear();
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
    evaluate_index(*indexes_[position].index, context, impl.states[position], impl.clock, costs,
                   out);
    if (!out.matched.empty() || !out.undecided.empty()) {
        sort_numbers(out);
    }
    return {out.matched, out.undecided};
}

}  // namespace vedette::secl
