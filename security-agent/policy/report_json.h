// SPDX-License-Identifier: Apache-2.0
//
// The `policies` part of the `ruleset_loaded` payload, also printed by `policy check --json`.
#pragma once

#include <boost/json/array.hpp>

#include <span>

#include "security-agent/policy/report.h"

namespace vedette::policy {

/// [{name, version, source, status, message, rules: [{id, version, status, type, message, expression, tags,
/// product_tags, actions, modified_by}]}]. What comes after `message` is left out where there is none.
boost::json::array policies_json(std::span<const PolicyReport> policies);

}  // namespace vedette::policy
