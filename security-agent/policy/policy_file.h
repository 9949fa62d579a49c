// SPDX-License-Identifier: Apache-2.0
//
// One policy file as it was written: every key known and checked, nothing yet decided between files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "security-agent/policy/action_definition.h"
#include "security-agent/policy/yaml_fields.h"
#include "security-agent/policy/yaml_tree.h"
#include "security-agent/secl/diagnostics.h"
#include "security-agent/secl/source.h"

namespace vedette::policy {

enum class Combine : uint8_t { kNone, kMerge, kOverride };

/// Which parts of a rule an override replaces.
struct OverrideFields {
    bool all = false;
    bool expression = false;
    bool actions = false;
    bool every = false;
    bool tags = false;
    bool product_tags = false;
    bool any() const { return all || expression || actions || every || tags || product_tags; }
};

struct MacroDefinition {
    std::string id;
    secl::SourceText place;  ///< of the id: empty text, one offset
    std::optional<secl::SourceText> expression;
    std::vector<std::string> values;
    std::vector<secl::SourceText> filters;
    std::optional<secl::SourceText> agent_version;
    Combine combine = Combine::kNone;
    bool ok = true;  ///< false: an error is reported and it must not be used
};

struct RuleDefinition {
    std::string id;
    secl::SourceText place;  ///< where diagnostics about the rule as a whole point
    std::string version;
    std::string description;
    std::string group_id;
    std::optional<secl::SourceText> expression;
    std::vector<std::pair<std::string, std::string>> tags;
    std::vector<std::string> product_tags;
    std::vector<secl::SourceText> filters;
    std::optional<secl::SourceText> agent_version;
    std::vector<secl::SourceText> limiter_token;
    std::vector<ActionDefinition> actions;
    std::optional<int64_t> every_ns;
    int64_t priority = 0;
    std::optional<bool> disabled;
    bool silent = false;
    bool has_tags = false;
    bool has_product_tags = false;
    Combine combine = Combine::kNone;
    OverrideFields override_fields;
    bool ok = true;
    std::string error;  ///< first complaint when not ok
};

/// The name of another policy that this one stands in for.
struct Replacement {
    std::string id;
    secl::SourceText place;
};

struct PolicyFile {
    std::string version;
    std::string type = "policy";  ///< or "content_pack"
    std::optional<Replacement> replaces;
    std::vector<MacroDefinition> macros;
    std::vector<RuleDefinition> rules;
    bool readable = false;  ///< false: not YAML or not a policy, nothing of it counts
    bool keys_ok = true;    ///< no unknown key outside of rules and macros
    std::string error;
};

PolicyFile read_policy(const std::shared_ptr<const secl::SourceFile>& file,
                       secl::Diagnostics& diagnostics);

}  // namespace vedette::policy
