// SPDX-License-Identifier: Apache-2.0
//
// The macros of all files as one list: first definitions, then what `combine` makes of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "security-agent/policy/conditions.h"
#include "security-agent/policy/policy_file.h"
#include "security-agent/policy/report.h"
#include "security-agent/secl/compiler.h"

namespace vedette::policy {

class MacroCollector {
   public:
    MacroCollector(Conditions& conditions, secl::Diagnostics& diagnostics)
        : conditions_(conditions), diagnostics_(diagnostics) {}

    /// In the order of the files. `policy` is told of a macro that cannot be used.
    void add(MacroDefinition macro, PolicyReport& policy);
    std::vector<secl::MacroSource> take() { return std::move(macros_); }

   private:
    void merge(secl::MacroSource& into, MacroDefinition macro, PolicyReport& policy);

    Conditions& conditions_;
    secl::Diagnostics& diagnostics_;
    std::vector<secl::MacroSource> macros_;
    std::vector<secl::SourceText> places_;  // of their first definitions
    std::map<std::string, size_t> index_;
};

/// "default.policy:12".
std::string where(const secl::SourceText& place);

}  // namespace vedette::policy
