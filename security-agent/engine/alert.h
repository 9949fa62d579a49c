// SPDX-License-Identifier: Apache-2.0
//
// An alert: one JSON object on one line, in the reference's shape (docs/reference/alerts.md). Also the lines that the
// agent writes about itself: events that were lost, policies that were loaded.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "security-agent/policy/loader.h"
#include "vedette/v1/event.pb.h"

namespace vedette::engine {

/// What every alert says of the agent that wrote it.
struct AgentFacts {
    std::string version;
    std::string os = "linux";
    std::string arch;
    std::string origin = "ebpf";
    std::string kernel_version;
    std::string distribution;
};

/// Who and what an alert is about; all of it lives until the alert is written.
struct AlertSubject {
    const v1::Event& event;
    std::string_view event_name;
    std::string_view category;
    const v1::ProcessNode& process;
    const v1::ProcessNode* parent = nullptr;  ///< null: unknown
    std::span<const void* const> ancestors;   ///< v1::ProcessNode, nearest first
    std::span<const policy::RuleInfo* const> matched;
};

/// The part that is the same for every rule that matched: all but `agent` and `title`.
boost::json::object event_part(const AlertSubject& subject);

/// One line, without its newline.
std::string alert_line(const AgentFacts& agent, const policy::RuleInfo& rule,
                       const boost::json::object& event);

/// Losses by (event type, reason).
using Losses = std::map<std::pair<std::string, std::string>, uint64_t>;
std::string lost_events_line(const AgentFacts& agent, const Losses& losses, int64_t now_ns);

std::string ruleset_loaded_line(const AgentFacts& agent, const policy::CompiledPolicies& policies,
                                int64_t now_ns);

/// [{name, version, source, status, message, rules[...]}]: also for the status page.
boost::json::array policies_json(const policy::CompiledPolicies& policies);

}  // namespace vedette::engine
