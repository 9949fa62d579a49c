// SPDX-License-Identifier: Apache-2.0
//
// The rules of all files as one list: first definitions, then what later ones change of them (reference section 3.6).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "security-agent/policy/conditions.h"
#include "security-agent/policy/loader.h"
#include "security-agent/policy/policy_file.h"

namespace vedette::policy {

class RuleCollector {
   public:
    /// Reports go to `out`.
    RuleCollector(Conditions& conditions, LoadedPolicies& out)
        : conditions_(conditions), out_(out) {}

    /// In the order of the files; `file` is one of out.policies.
    void add(RuleDefinition rule, uint32_t file);
    /// A definition that does not count, whatever it says.
    void leave_out(const RuleDefinition& rule, uint32_t file, const std::string& why);
    /// Fills rules, rule_sources and parts of `out`.
    void finish();

   private:
    struct MergedRule {
        RuleDefinition definition;
        RuleInfo info;
        bool is_default = false;
        bool disabled = false;
    };

    RuleReport& report_of(uint32_t file, uint32_t report) {
        return out_.policies[file].rules[report];
    }
    uint32_t new_report(const RuleDefinition& rule, uint32_t file);
    void fail(const secl::SourceText& place, RuleReport& report, std::string message);
    void define(RuleDefinition rule, uint32_t file, uint32_t report);
    void combine(MergedRule& base, RuleDefinition rule, uint32_t file, uint32_t report);
    void emit(MergedRule& rule);

    Conditions& conditions_;
    LoadedPolicies& out_;
    std::vector<MergedRule> rules_;
    std::map<std::string, size_t> index_;
};

}  // namespace vedette::policy
