// SPDX-License-Identifier: Apache-2.0
//
// `replace_policy_id`: a policy that stands in for another. The id of a policy is its file name, with or without
// ".policy".
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "security-agent/policy/policy_file.h"
#include "security-agent/policy/report.h"

namespace vedette::policy {

/// Which policy each one is replaced by, if any. A policy that is itself replaced replaces nothing. Warns of ids that
/// no policy has; policies that replace each other in a circle are an error and all stay.
std::vector<std::optional<size_t>> find_replacements(const std::vector<PolicyFile>& files,
                                                     const std::vector<PolicyReport>& reports,
                                                     secl::Diagnostics& diagnostics);

}  // namespace vedette::policy
