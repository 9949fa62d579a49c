// SPDX-License-Identifier: Apache-2.0
//
// A filter plan as the probe is told it.
#pragma once

#include "security-agent/policy/loader.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

/// What these rules need. The revision is the caller's.
v1::FilterPlan filter_message(const policy::CompiledPolicies& policies);

/// Every fork, exec and exit.
v1::FilterPlan whole_lifecycle();

/// What either needs: for the time between two sets of rules.
v1::FilterPlan either(const v1::FilterPlan& one, const v1::FilterPlan& other);

}  // namespace vedette::engine
