// SPDX-License-Identifier: Apache-2.0
//
// process.ancestors[A]: a rule with registers holds when there is some element for each that makes it true. Each
// register is bound as far inside as it can be, so that registers that do not meet cost the sum of their elements,
// not the product, and what uses no register counts also when there is no element.
#pragma once

#include <span>

#include "security-agent/secl/bound.h"

namespace vedette::secl {

/// True when `condition` is for some element of each register's iterator.
Condition bind_registers(Condition condition, std::span<const Subject> iterators);

/// How many kSome stand inside one another at most.
int joined_registers(const Condition& condition);

}  // namespace vedette::secl
