// SPDX-License-Identifier: Apache-2.0
//
// Performs the `set` and `log` actions of rules that matched, and says what their `hash` actions ask for (reference section
// 3.3).
#pragma once

#include <functional>
#include <map>
#include <string>

#include "common/log.h"
#include "security-agent/engine/variable_store.h"
#include "security-agent/policy/loader.h"
#include "security-agent/secl/eval_context.h"

namespace vedette::engine {

/// Scope key (scopes.h) and label of a living process; an empty key: there is none with that pid.
struct ProcessScope {
    std::string key;
    std::string label;
};
using FindProcess = std::function<ProcessScope(int64_t pid)>;

/// What actions work with; all of it outlives the call.
struct ActionContext {
    VariableStore& store;
    const VariableStore::Binding& binding;
    const ScopeSource& source;
    const FindProcess& find_process;
    /// Of the event, with `variables` and the rule's `rule_tags`. What is not known now counts as its zero value: an
    /// action cannot wait.
    secl::EvalContext event;
};

/// The rule's `set` actions, in their order; each sees what those before it have set.
void perform_sets(const policy::RuleInfo& rule, const ActionContext& context);

/// The files that the rule's `hash` actions name, with the largest size that any of them allows; `max_file_size` where one
/// does not say.
using HashedFiles = std::map<std::string, uint64_t, std::less<>>;
void add_hashed_files(const policy::RuleInfo& rule, const secl::EvalContext& event,
                      uint64_t max_file_size, HashedFiles& out);

/// The rule's `log` actions. Who calls it has asked the rule's rate limiter.
void perform_logs(const policy::RuleInfo& rule, const ActionContext& context, Logger& logger);

}  // namespace vedette::engine
