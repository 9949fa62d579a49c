// SPDX-License-Identifier: Apache-2.0
//
// Policy files to rules in force: reads *.policy, checks every key, merges macros, applies overrides and host filters,
// declares variables, compiles. Nothing stops at the first error: a bad file costs that file, a bad rule that rule.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "security-agent/policy/action.h"
#include "security-agent/policy/action_definition.h"
#include "security-agent/policy/host_facts.h"
#include "security-agent/policy/report.h"
#include "security-agent/secl/compiler.h"
#include "security-agent/secl/diagnostics.h"
#include "security-agent/secl/variables.h"

namespace vedette::policy {

/// The version of the reference that policies take us for, unless a setting says otherwise.
inline constexpr const char* kEmulatedVersion = "7.83.0";

/// All of a rule but its expression.
struct RuleInfo {
    std::string id;
    std::string version;
    std::string description;
    std::string group_id;
    std::string expression;  ///< as written, for reports
    Tags tags;
    std::vector<std::string> product_tags;
    std::string policy_name;
    std::string policy_version;
    int64_t every_ns = 0;                         ///< 0: the default rate limit
    std::vector<std::string> limiter_token;       ///< fields, checked
    std::vector<secl::FieldRead> limiter_fields;  ///< the same, compiled
    int64_t priority = 0;
    bool silent = false;
    std::vector<Action> actions;  ///< in the order of the file; compiled
    uint32_t policy = 0;          ///< index into policies
    uint32_t report = 0;          ///< index into policies[policy].rules
    /// (policy, report) of the definitions that changed it.
    std::vector<std::pair<uint32_t, uint32_t>> changed_by;
};

/// What a rule has besides `RuleInfo` until it is compiled.
struct RuleParts {
    secl::SourceText place;  ///< where diagnostics about the rule as a whole point
    std::vector<ActionDefinition> actions;
    std::vector<secl::SourceText> limiter_token;
    bool is_default = false;  ///< of default.policy
};

struct LoadedPolicies {
    std::vector<PolicyReport> policies;  ///< default.policy first, then by name
    /// In evaluation order: those that give context (tag execution_context: true), the default policy's, the others;
    /// among those higher priority first, then by id. Where they stand in which file plays no part.
    std::vector<RuleInfo> rules;
    std::vector<secl::RuleSource> rule_sources;  ///< expression of each of `rules`
    std::vector<RuleParts> parts;                ///< of each of `rules`
    std::vector<secl::MacroSource> macros;
    secl::Diagnostics diagnostics;
};

struct LoadOptions {
    std::string agent_version = kEmulatedVersion;  ///< for `agent_version` constraints
    HostFacts host;                                ///< see current_host_facts()
};

/// Reads a directory's *.policy files, or one file whatever its name. Errors: the directory or the single file
/// cannot be read at all. A file that is unreadable or no YAML, or a bad rule, is in the reports and diagnostics.
Result<LoadedPolicies> load_policies(const std::string& path, const LoadOptions& options);

/// The same from memory: for tests and fuzzing. `name` stands in for the file name.
LoadedPolicies load_policy_text(std::string name, std::string text, const LoadOptions& options);
/// Several of them: (name, text), in any order.
LoadedPolicies load_policy_texts(std::vector<std::pair<std::string, std::string>> files,
                                 const LoadOptions& options);

/// What compiled rules were made from: their places point into it, and further expressions may use its macros.
struct PolicySources {
    std::vector<secl::RuleSource> rules;   ///< by rule number
    std::deque<secl::RuleSource> actions;  ///< expressions of actions
    std::vector<secl::MacroSource> macros;
};

/// Immutable once made; any thread.
struct CompiledPolicies {
    std::shared_ptr<const PolicySources> sources;          ///< never null
    std::shared_ptr<const secl::VariableTable> variables;  ///< never null
    std::shared_ptr<const secl::RuleSet> rule_set;  ///< never null; rule numbers index `rules`
    std::vector<secl::NumberedRule> bound;  ///< what the rules mean, for reports and explanations
    std::vector<RuleInfo> rules;            ///< those in force
    std::vector<PolicyReport> policies;     ///< with the outcome of every rule
    secl::Diagnostics diagnostics;          ///< of loading and compiling
    bool ok() const;                        ///< every file and rule is loaded or filtered
};

/// `fields` must outlive the result.
CompiledPolicies compile_policies(LoadedPolicies loaded, const secl::FieldTable& fields);

}  // namespace vedette::policy
