// SPDX-License-Identifier: Apache-2.0
//
// What the agent answers when the probe is asked for what only the agent knows.
#pragma once

#include "security-agent/app/policy_manager.h"
#include "security-agent/self_test/self_tester.h"
#include "vedette/v1/agent_answers.pb.h"

namespace vedette::app {

v1::SelfTestResult to_proto(const self_test::Outcome& outcome);
v1::ReloadPoliciesResult to_proto(const LoadOutcome& outcome);
/// What became of every rule, and what the kernel may drop because of them.
v1::RuleSetReport rule_set_report(const policy::CompiledPolicies& policies);

}  // namespace vedette::app
