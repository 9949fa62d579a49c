// SPDX-License-Identifier: Apache-2.0
//
// Policies for a command that runs without an agent: where they are, loaded and compiled for the real field table.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>

#include "common/result.h"
#include "security-agent/policy/loader.h"

namespace CLI {
class App;
}

namespace vedette::cli {

inline constexpr const char* kDefaultPoliciesDir = "/etc/vedette/runtime-security.d";

struct PolicySource {
    std::string path;  ///< a directory of *.policy, or one file; empty: none was named
    std::string agent_version = policy::kEmulatedVersion;
};

/// --policies-dir, --file, --agent-version. `source` must live until the command line is parsed.
void add_policy_source(CLI::App& command, PolicySource& source);

policy::LoadOptions load_options(const PolicySource& source);

/// Errors: the directory or file cannot be read. What is wrong inside is in the diagnostics. `path` instead of the
/// source's when it is not empty, kDefaultPoliciesDir when both are.
Result<std::shared_ptr<const policy::CompiledPolicies>> compile(const PolicySource& source,
                                                                const std::string& path = {});

/// Null when no rule is loaded under that id.
const policy::RuleInfo* find_rule(const policy::CompiledPolicies& policies, const std::string& id);

/// Why there is no such rule: what the reports say of it, or the nearest id.
std::string why_not_loaded(const policy::CompiledPolicies& policies, const std::string& id);

/// A file of at most `max_bytes`, or standard input for "-".
Result<std::string> read_input(const std::string& path, size_t max_bytes);

/// event_monitoring_config.network.private_ip_ranges as it is unless somebody sets it: what address fields go by.
void use_default_private_ranges();

}  // namespace vedette::cli
