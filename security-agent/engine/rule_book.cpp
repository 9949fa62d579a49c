// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/rule_book.h"

#include <algorithm>
#include <utility>

namespace vedette::engine {
namespace {

bool is_log(const policy::Action& action) {
    return std::holds_alternative<policy::LogAction>(action.what);
}

}  // namespace

RuleBookPtr RuleBooks::make(Policies policies, const RuleBook* previous) {
    auto book = std::make_shared<RuleBook>();
    book->policies = std::move(policies);
    book->variables =
        store_.bind(book->policies->variables ? book->policies->variables
                                              : std::make_shared<const secl::VariableTable>());
    book->rules.reserve(book->policies->rules.size());
    for (const policy::RuleInfo& rule : book->policies->rules) {
        RuleState& state = book->rules.emplace_back();
        state.limit = rule.every_ns > 0 ? RateLimiter::Limit{1, rule.every_ns} : default_limit_;
        for (const auto& [key, value] : rule.tags)
            state.tag_texts.push_back(key + ":" + value);
        state.tags.assign(state.tag_texts.begin(), state.tag_texts.end());
        state.logs = std::any_of(rule.actions.begin(), rule.actions.end(), is_log);
        const auto before = previous ? previous->figures.find(rule.id) : book->figures.end();
        const bool known = previous && before != previous->figures.end();
        state.figures = known ? before->second : std::make_shared<RuleFigures>();
        book->figures.emplace(rule.id, state.figures);
        const Labels labels = {{"rule", label(rule.id)}};
        state.hits = &metrics_.counter("vedette_agent_rule_hits_total",
                                       "Events that a rule matched.", labels);
        state.alerts = &metrics_.counter("vedette_agent_alerts_total", "Alerts by rule.", labels);
        state.limited = &metrics_.counter("vedette_agent_alerts_limited_total",
                                          "Alerts held back by the rule's rate limit.", labels);
    }
    return book;
}

std::string RuleBooks::label(const std::string& rule) {
    if (labels_.contains(rule))
        return rule;
    if (labels_.size() >= kMaxRuleLabels)
        return "other";
    labels_.insert(rule);
    return rule;
}

}  // namespace vedette::engine
