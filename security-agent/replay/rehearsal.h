// SPDX-License-Identifier: Apache-2.0
//
// Event files played against policies, one after the other: the real rule set, the real variables and `set` actions,
// nothing else of an engine. What an event sets is there for the next.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/metrics.h"
#include "security-agent/engine/rule_book.h"
#include "security-agent/engine/variable_store.h"
#include "security-agent/policy/loader.h"
#include "security-agent/replay/event_file.h"

namespace vedette::replay {

/// One thread at a time.
class Rehearsal {
   public:
    explicit Rehearsal(std::shared_ptr<const policy::CompiledPolicies> policies);
    ~Rehearsal();

    /// Sets the event's variables, evaluates every rule and performs the `set` actions of those that match. Ids of
    /// these, in the order of evaluation. Nothing when the event's variables are not valid: see `diagnostics`.
    std::optional<std::vector<std::string>> play(const std::shared_ptr<const EventFile>& event,
                                                 secl::Diagnostics& diagnostics);

    /// What the variable is for the event played last, when that is not what is expected; empty when it is. The order of
    /// a list does not count.
    std::optional<std::string> differs(const EventVariable& expected,
                                       secl::Diagnostics& diagnostics);

   private:
    class Scopes;
    bool set_variables(const EventFile& event, secl::Diagnostics& diagnostics);

    std::shared_ptr<const policy::CompiledPolicies> policies_;
    Metrics metrics_;
    engine::VariableStore store_;
    engine::RuleBooks books_;
    engine::RuleBookPtr book_;
    secl::EvalState state_;
    std::shared_ptr<const EventFile> event_;
    std::unique_ptr<Scopes> scopes_;  ///< of event_
};

}  // namespace vedette::replay
