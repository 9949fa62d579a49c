// SPDX-License-Identifier: Apache-2.0
//
// System call numbers of this architecture and of its 32-bit entry, as the sys_exit dispatcher wants them.
#pragma once

#include <array>
#include <span>

#include "bpf/abi/programs.h"

namespace vedette::probe {

using CallTable = std::array<vdt_call_number, VDT_SYSCALL_MAX>;

/// Numbers of these calls; every other number is VDT_CALL_NONE. What 32-bit x86 does through socketcall is included.
CallTable make_call_table(std::span<const vdt_call> calls);

}  // namespace vedette::probe
