// SPDX-License-Identifier: Apache-2.0
//
// Policy files to rule sources: reads *.policy, checks every key, merges macros, applies overrides and host
// filters. It knows nothing of events; compile_policies() hands the expressions to secl.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "security-agent/policy/action.h"
#include "security-agent/policy/host_facts.h"
#include "security-agent/secl/compiler.h"
#include "security-agent/secl/diagnostics.h"

namespace vedette::policy {

enum class PolicyStatus : uint8_t { kLoaded, kPartiallyLoaded, kError };
enum class RuleStatus : uint8_t { kLoaded, kFiltered, kError };

std::string_view to_string(PolicyStatus status);
std::string_view to_string(RuleStatus status);

/// What became of one rule of a file.
struct RuleReport {
    std::string id;
    std::string version;
    RuleStatus status = RuleStatus::kLoaded;
    std::string message;  ///< why it is filtered or failed
};

/// What became of one file.
struct PolicyReport {
    std::string name;  ///< file name
    std::string version;
    std::string path;
    PolicyStatus status = PolicyStatus::kLoaded;
    std::string message;
    std::vector<RuleReport> rules;
};

/// All of a rule but its expression.
struct RuleInfo {
    std::string id;
    std::string version;
    std::string description;
    std::string group_id;
    std::string expression;                                 ///< as written, for reports
    std::vector<std::pair<std::string, std::string>> tags;  ///< in the file's order
    std::vector<std::string> product_tags;
    std::string policy_name;
    std::string policy_version;
    int64_t every_ns = 0;                    ///< 0: the default rate limit
    std::vector<std::string> limiter_token;  ///< fields, checked
    int64_t priority = 0;
    bool silent = false;
    std::vector<Action> actions;  ///< in the file's order
    uint32_t policy = 0;  ///< index into policies
    uint32_t report = 0;  ///< index into policies[policy].rules
    /// (policy, report) of the definitions that changed it.
    std::vector<std::pair<uint32_t, uint32_t>> changed_by;
};

struct LoadedPolicies {
    std::vector<PolicyReport> policies;          ///< default.policy first, then by name
    std::vector<RuleInfo> rules;                 ///< in evaluation order
    std::vector<secl::RuleSource> rule_sources;  ///< expression of each of `rules`
    std::vector<secl::RuleSource>
        action_expressions;  ///< with the ids of their rules, to be type-checked
    std::vector<secl::MacroSource> macros;
    secl::Diagnostics diagnostics;
};

struct LoadOptions {
    std::string agent_version =
        "7.83.0";    ///< reference version that `agent_version` constraints are tested against
    HostFacts host;  ///< see current_host_facts()
    const secl::FieldTable* fields =
        nullptr;  ///< for limiter_token and action fields; null: not checked
};

/// Reads a directory's *.policy files, or one file whatever its name. Errors: the directory or the single file
/// cannot be read at all. A file that is unreadable or no YAML, or a bad rule, is in the reports and diagnostics.
Result<LoadedPolicies> load_policies(const std::string& path, const LoadOptions& options);

/// The same from memory: for tests and fuzzing. `name` stands in for the file name.
LoadedPolicies load_policy_text(std::string name, std::string text, const LoadOptions& options);

struct CompiledPolicies {
    std::shared_ptr<const secl::RuleSet> rule_set;  ///< never null; rule numbers index `rules`
    std::vector<RuleInfo> rules;
    /// Builtins and what `set` actions declare; null: builtins alone.
    std::shared_ptr<const secl::VariableTable> variables;
    std::vector<PolicyReport> policies;  ///< with the outcome of every rule
    secl::Diagnostics diagnostics;       ///< of loading and compiling
    bool ok() const;                     ///< every file and rule is loaded or filtered
};

/// `fields` must outlive the result.
CompiledPolicies compile_policies(LoadedPolicies loaded, const secl::FieldTable& fields);

}  // namespace vedette::policy
