// SPDX-License-Identifier: Apache-2.0
//
// Lines that the agent writes about itself (reference section 3.7, docs/reference/alerts.md): one JSON object each,
// without its newline.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "security-agent/engine/alert.h"
#include "security-agent/engine/json_object.h"
#include "security-agent/policy/loader.h"

namespace vedette::engine {

/// What was lost, of whom.
struct LossKey {
    std::string type;
    std::string reason;
    uint64_t cgroup_id = 0;  ///< 0: not known

    auto operator<=>(const LossKey&) const = default;
};
/// How much, and when: nanoseconds since 1970, 0 when not known.
struct LossFigures {
    uint64_t count = 0;
    uint64_t first_time = 0;
    uint64_t last_time = 0;
};
using Losses = std::map<LossKey, LossFigures>;
std::string lost_events_line(const AgentFacts& agent, const Losses& losses, int64_t now_ns);

std::string ruleset_loaded_line(const AgentFacts& agent, const policy::CompiledPolicies& policies,
                                int64_t now_ns);
/// A load that left the rules before in force. `policies` null: nothing could be read.
std::string ruleset_failed_line(const AgentFacts& agent, const policy::CompiledPolicies* policies,
                                std::string_view reason, int64_t now_ns);

/// That a policy is in force, without its rules.
std::string heartbeat_line(const AgentFacts& agent, const policy::PolicyReport& policy,
                           int64_t now_ns);

/// What a self-test found: names of its tests, and the events that it caused.
struct SelfTest {
    std::vector<std::string> success;
    std::vector<std::string> fails;
    JsonArray events;
};
std::string self_test_line(const AgentFacts& agent, const SelfTest& test, int64_t now_ns);

inline constexpr std::string_view kAbnormalPath = "abnormal_path";
inline constexpr std::string_view kNoProcessContext = "no_process_context";
inline constexpr std::string_view kBrokenLineage = "broken_process_lineage";
/// One of the three above. `suppressed`: how many were not written since the last; `event`: see AlertEvent.
std::string integrity_line(const AgentFacts& agent, std::string_view kind, std::string_view error,
                           uint64_t suppressed, const AlertEvent& event, int64_t now_ns);

}  // namespace vedette::engine
