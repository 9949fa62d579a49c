// SPDX-License-Identifier: Apache-2.0
//
// The checks of `doctor`, one group a function.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>

#include "common/config/settings.h"
#include "common/config/sources.h"
#include "security-agent/cli/findings.h"

namespace vedette::cli {

/// What is known of one event type: "full", "partial", "missing", and what is weaker and why.
struct HookState {
    std::string state;
    std::string reason;
};
using HookStates = std::map<std::string, HookState>;

/// @name Without a running pair.
/// @{
void check_secrets(const Settings& settings, Findings& out);
/// Free, or the agent's when it is `running`.
void check_ports(const Settings& settings, bool running, Findings& out);
void check_outputs(const Settings& settings, Findings& out);
/// Disk space and the clock.
void check_host(const Settings& settings, Findings& out);
/// The directory's policies, and the rules about events that the probe sees in part or not at all. `hooks` null: not
/// known.
void check_rules(const Settings& settings, const HookStates* hooks, Findings& out);
/// @}

/// The running agent's status document; nothing when none answers (which is said).
std::optional<boost::json::object> ask_agent(const SettingsArguments& arguments, Findings& out);
/// The probe's part of that document, or what the probe says itself; nothing when it does not answer.
std::optional<boost::json::object> ask_probe(const Settings& settings,
                                             const boost::json::object* status, Findings& out);
/// What `system-probe check` finds, for root: the hooks when no probe runs.
std::optional<HookStates> try_hooks(const SettingsArguments& arguments, Findings& out);

/// Kernel, backend, hooks and losses as a running probe tells.
HookStates check_probe(const boost::json::object& probe, Findings& out);
/// Connection, policies in force, self-test, losses and outputs as a running agent tells.
void check_agent(const boost::json::object& status, Findings& out);

}  // namespace vedette::cli
