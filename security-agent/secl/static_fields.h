// SPDX-License-Identifier: Apache-2.0
//
// Fields whose value a rule gives to the probe before there is any event (a packet filter, the name of a function to
// watch): a rule compares such a field with '==' to one static string.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/operand.h"

namespace vedette::secl {

/// Errors: not such a comparison; a packet filter that libpcap refuses, in its words.
void check_static_fields(const Condition& condition, Reporter& report);

/// The values that checked conditions give to `field`.
std::set<std::string> static_values(const Condition& condition, std::string_view field);

}  // namespace vedette::secl
