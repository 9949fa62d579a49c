// SPDX-License-Identifier: Apache-2.0
//
// Fields whose value a rule gives to the probe before there is any event (a packet filter, the name of a function to
// watch): a rule compares such a field with '==' to one static string.
#pragma once

#include "security-agent/secl/bound.h"
#include "security-agent/secl/operand.h"

namespace vedette::secl {

void check_static_fields(const Condition& condition, Reporter& report);

}  // namespace vedette::secl
