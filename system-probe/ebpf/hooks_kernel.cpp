// SPDX-License-Identifier: Apache-2.0
//
// Hooks of what changes the kernel itself.
#include "system-probe/ebpf/hook_table.h"

namespace vedette::probe {
namespace {

constexpr vdt_call kLoadCalls[] = {VDT_CALL_INIT_MODULE, VDT_CALL_FINIT_MODULE};
constexpr vdt_call kUnloadCalls[] = {VDT_CALL_DELETE_MODULE};
constexpr vdt_call kBpfCalls[] = {VDT_CALL_BPF};

constexpr HookProgram kLoad[] = {{"handle_module_loading", "btf_trace_module_load", 2, ""},
                                 kDispatcher};
constexpr HookProgram kUnload[] = {{"handle_module_freed", "btf_trace_module_free", 2, ""},
                                   kDispatcher};
// What is written by other calls is not seen; there is nothing to see where the kernel has not SELinux switched on.
constexpr vdt_call kWriteCalls[] = {VDT_CALL_WRITE, VDT_CALL_WRITEV};
constexpr HookProgram kSelinux[] = {{kDispatcher.name, "filesystem:selinuxfs", 0, ""}};
constexpr HookProgram kSelinuxTrampoline[] = {
    {"handle_sel_enforce", "sel_write_enforce", 4, ""},
    {"handle_sel_bool", "sel_write_bool", 4, ""},
    {"handle_sel_commit", "sel_commit_bools_write", 4, ""}};
constexpr Entry kIoUringAlone[] = {Entry::kIoUring};
constexpr vdt_call kOnDemandCalls[] = {VDT_CALL_ONDEMAND};
constexpr HookProgram kSysEnter[] = {kEntryDispatcher};
constexpr HookProgram kSysctl[] = {{"handle_sysctl", "", 0, ""}};

constexpr HookRow kRows[] = {
    {.type = VDT_LOAD_MODULE,
     .event = "load_module",
     .lifecycle = false,
     .tracepoint = {.programs = kLoad,
                    .handler = "handle_load_module",
                    .calls = kLoadCalls,
                    .note = "a module that is refused before it is laid out has no name; "
                            "parameters are read from the caller's memory after the call"}},
    {.type = VDT_UNLOAD_MODULE,
     .event = "unload_module",
     .lifecycle = false,
     .tracepoint = {.programs = kUnload,
                    .handler = "handle_unload_module",
                    .calls = kUnloadCalls,
                    .note = "the name of a failed call is read from the caller's memory after "
                            "the call"}},
    {.type = VDT_BPF,
     .event = "bpf",
     .lifecycle = false,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_bpf",
                    .calls = kBpfCalls,
                    .note = "prog.helpers are read from the caller's memory after the call, of at "
                            "most 32768 instructions"}},
    {.type = VDT_SELINUX,
     .event = "selinux",
     .lifecycle = false,
     .entries = kSystemCallsAndIoUring,
     .tracepoint = {.programs = kSelinux,
                    .handler = "handle_selinux",
                    .calls = kWriteCalls,
                    .unseen = kIoUringAlone,
                    .note = "what was written is read from the caller's memory after the call; a "
                            "write that is refused changes nothing and is left out"},
     .trampoline = {.programs = kSelinuxTrampoline,
                    .blind = "the file 'disable' (until Linux 6.4)",
                    .note = "a write that is refused changes nothing and is left out"}},
    {.type = VDT_ONDEMAND,
     .event = "ondemand",
     .lifecycle = false,
     .tracepoint = {.programs = kSysEnter,
                    .calls = kOnDemandCalls,
                    .entry_handler = "handle_ondemand",
                    .note = "kernel functions need trampolines: the status names each that is "
                            "refused; a string that is not in memory yet when the call begins is "
                            "empty"}},
    {.type = VDT_SYSCTL,
     .event = "sysctl",
     .lifecycle = false,
     .entries = kSystemCallsAndIoUring,
     .tracepoint = {.programs = kSysctl,
                    .note = "seen before the parameter's own checks, which may refuse a write"}},
};

}  // namespace

std::span<const HookRow> kernel_hooks() {
    return kRows;
}

}  // namespace vedette::probe
