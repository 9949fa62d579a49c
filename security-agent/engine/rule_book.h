// SPDX-License-Identifier: Apache-2.0
//
// One rule set as the engine runs it: the compiled policies, and per rule what they say of alerting, resolved to what
// is needed at a match. Made when policies are taken; events that wait for metadata hold on to the one they met.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/metrics.h"
#include "security-agent/engine/alert.h"
#include "security-agent/engine/rate_limiter.h"
#include "security-agent/engine/variable_store.h"
#include "security-agent/policy/loader.h"

namespace vedette::engine {

using Policies = std::shared_ptr<const policy::CompiledPolicies>;

/// What one rule did since the agent started: over reloads, as long as its id is there. Written by who is with the engine.
struct RuleFigures {
    std::atomic<uint64_t> hits = 0;     ///< events it matched
    std::atomic<uint64_t> alerts = 0;   ///< that were written
    std::atomic<uint64_t> limited = 0;  ///< that its rate limit held back
    std::atomic<uint64_t> cost_ns = 0;  ///< of the evaluations that were timed
    std::atomic<uint64_t> timed =
        0;  ///< evaluations that were timed: of events that do not rule it out at once
};
using FiguresPtr = std::shared_ptr<RuleFigures>;

struct RuleState {
    RateLimiter::Limit limit;
    std::vector<std::string> tag_texts;  ///< "key:value"
    std::vector<std::string_view> tags;  ///< of tag_texts
    bool logs = false;                   ///< has a `log` action
    FiguresPtr figures;
    mutable RuleTextsPtr texts;  ///< from its first alert on; of who is with the engine
    Counter* hits = nullptr;
    Counter* alerts = nullptr;
    Counter* limited = nullptr;
};

struct RuleBook {
    Policies policies;
    VariableStore::BindingPtr variables;
    /// By rule number: in the order of evaluation, which where a rule was written plays no part in (policy/loader.h).
    std::vector<RuleState> rules;
    std::map<std::string, FiguresPtr, std::less<>> figures;  ///< by rule id

    const policy::RuleInfo& info(uint32_t rule) const { return policies->rules[rule]; }
};
using RuleBookPtr = std::shared_ptr<const RuleBook>;

/// Rules with metrics of their own; those after them share the label "other", so that reloads cannot fill the registry.
inline constexpr size_t kMaxRuleLabels = 2000;

class RuleBooks {
   public:
    RuleBooks(VariableStore& store, Metrics& metrics, RateLimiter::Limit default_limit)
        : store_(store), metrics_(metrics), default_limit_(default_limit) {}

    /// `previous` null: the first.
    RuleBookPtr make(Policies policies, const RuleBook* previous);

   private:
    std::string label(const std::string& rule);

    VariableStore& store_;
    Metrics& metrics_;
    RateLimiter::Limit default_limit_;
    std::set<std::string> labels_;
};

}  // namespace vedette::engine
