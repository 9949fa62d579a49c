// SPDX-License-Identifier: Apache-2.0
//
// Kernel functions of system calls, for the rows of the hook table whose types learn of a call at its end. Each number of
// arch/x86/entry/syscalls/syscall_32.tbl leads to the function named here since Linux 5.7, of syscall_64.tbl (and x32) to
// that of the 64-bit call.
#pragma once

#include "system-probe/ebpf/hook_table.h"

namespace vedette::probe {

constexpr HookProgram after(std::string_view program, std::string_view function) {
    return {.name = program, .function = function, .parameters = 1, .call = CallPlace::kItself};
}

#if defined(__x86_64__)
#define VDT_NATIVE(call) "__x64_sys_" call
/// The 32-bit entry's.
#define VDT_COMPAT(call) "__ia32_sys_" call
#define VDT_COMPAT_OWN(call) "__ia32_compat_sys_" call
#define VDT_COMPAT_LONG(call) "__ia32_sys_ia32_" call
#define VDT_BOTH(call) \
    after("after_" call, VDT_NATIVE(call)), after("after_" call "_compat", VDT_COMPAT(call))
#elif defined(__aarch64__)
#define VDT_NATIVE(call) "__arm64_sys_" call
#define VDT_COMPAT(call) "__arm64_sys_" call
#define VDT_COMPAT_OWN(call) "__arm64_compat_sys_" call
#define VDT_COMPAT_LONG(call) "__arm64_compat_sys_aarch32_" call
/// Both entries call one function.
#define VDT_BOTH(call) after("after_" call, VDT_NATIVE(call))
#endif

}  // namespace vedette::probe
