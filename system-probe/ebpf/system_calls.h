// SPDX-License-Identifier: Apache-2.0
//
// System call numbers of this architecture and of its 32-bit entry, as the sys_exit dispatcher wants them.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "bpf/abi/programs.h"

namespace vedette::probe {

/// The calls that give events of one type.
std::span<const vdt_call> calls_of(vdt_type type);

using CallTable = std::array<vdt_call_number, VDT_SYSCALL_MAX>;

/// Numbers of the calls of these types; every other number is VDT_CALL_NONE.
CallTable make_call_table(std::span<const vdt_type> types);

}  // namespace vedette::probe
