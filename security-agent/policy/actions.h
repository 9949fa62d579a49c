// SPDX-License-Identifier: Apache-2.0
//
// The shape of a rule's actions (reference section 3.3): keys, types and what can be said without knowing the rule's
// event. compile_actions.h does the rest.
#pragma once

#include <string_view>
#include <vector>

#include "security-agent/policy/action_definition.h"
#include "security-agent/policy/yaml_fields.h"

namespace vedette::policy {

/// `actions` of a rule; errors go to `rule`.
std::vector<ActionDefinition> read_actions(const YamlFields::File& file, YamlFields& rule,
                                           std::string_view rule_id,
                                           secl::Diagnostics& diagnostics);

}  // namespace vedette::policy
