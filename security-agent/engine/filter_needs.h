// SPDX-License-Identifier: Apache-2.0
//
// What the probe has to collect for rules besides the events they are for.
#pragma once

#include <span>
#include <string>

#include "security-agent/secl/compiler.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

/// Adds the functions and system calls that rules on `ondemand` name, the event type `capabilities` where a rule asks which
/// of them a process used, and `setuid` where one asks who a parent or an ancestor is.
void add_needs(std::span<const secl::NumberedRule> rules, v1::FilterPlan& message);

/// Says of the type `dns` with which response codes no rule can match, whatever else an answer has.
void add_rcodes(std::span<const secl::NumberedRule> rules, v1::FilterPlan& message);

/// Once a name, with the strings that any rule wants of it.
void add_point(const std::string& name, uint32_t strings, v1::FilterPlan& message);

}  // namespace vedette::engine
