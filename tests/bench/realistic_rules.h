// SPDX-License-Identifier: Apache-2.0
//
// Policies of any size whose rules look like those people write: paths and directories watched for writes, programs by
// name and arguments, shells below services, peers and ports. Rule i is the same in every policy.
#pragma once

#include <string>

namespace vedette::bench {

/// A policy file with `rules` rules, none of which matches the benchmark's events: of ten, five are for exec, four for
/// open, one for connect.
std::string realistic_policy(int rules);

}  // namespace vedette::bench
