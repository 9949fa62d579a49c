// SPDX-License-Identifier: Apache-2.0
//
// Whether a macro or rule counts on this host: `agent_version` and `filters` (reference section 3.2).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "security-agent/policy/host_facts.h"
#include "security-agent/policy/report.h"
#include "security-agent/secl/diagnostics.h"
#include "security-agent/secl/rule_set.h"
#include "security-agent/secl/source.h"

namespace vedette::policy {

struct Verdict {
    RuleStatus status = RuleStatus::kLoaded;
    RuleError error = RuleError::kNone;
    std::string message;  ///< empty when the definition counts
};

class Conditions {
   public:
    /// `host` must outlive it.
    Conditions(std::string agent_version, const HostFacts& host);

    /// kError when a condition cannot be evaluated, which is then in `diagnostics`. `id`: of the macro or rule.
    Verdict check(const std::optional<secl::SourceText>& agent_version,
                  const std::vector<secl::SourceText>& filters, const std::string& id,
                  secl::Diagnostics& diagnostics);

   private:
    std::optional<bool> host_fulfils(const secl::SourceText& filter, const std::string& id,
                                     secl::Diagnostics& diagnostics);

    std::string agent_version_;
    const HostFacts& host_;
    std::map<std::string, bool> known_;  ///< by text: most rules have the same filter
    secl::EvalState state_;
};

}  // namespace vedette::policy
