// SPDX-License-Identifier: Apache-2.0
//
// The shape of a rule's actions (reference section 3.3). Nothing performs them yet, and a warning says so.
#pragma once

#include "security-agent/policy/policy_file.h"
#include "security-agent/policy/yaml_fields.h"

namespace vedette::policy {

/// Checks `actions` of a rule; errors go to `rule`. Expressions in them are collected for type-checking.
void read_actions(const YamlFields::File& file, YamlFields& rule, std::string_view rule_id,
                  secl::Diagnostics& diagnostics, std::vector<ActionExpression>& expressions);

}  // namespace vedette::policy
