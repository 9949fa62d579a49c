// SPDX-License-Identifier: Apache-2.0
//
// What a rule asks for and nobody fills in: it compiles, and can hardly match.
#pragma once

#include <string>

#include "security-agent/secl/compiler.h"
#include "security-agent/secl/field.h"

namespace vedette::policy {

/// One sentence that names the fields and the event types of a rule that stay empty in this version, and why; empty when
/// there are none. `rules`: what one rule was expanded to.
std::string missing_here(std::span<const secl::NumberedRule> rules, const secl::FieldTable& fields);

}  // namespace vedette::policy
