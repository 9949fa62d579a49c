// SPDX-License-Identifier: Apache-2.0
//
// Hooks of what processes do to themselves and to each other.
#include "system-probe/ebpf/call_functions.h"
#include "system-probe/ebpf/hook_table.h"

namespace vedette::probe {
namespace {

constexpr vdt_call kSetuidCalls[] = {VDT_CALL_SETUID, VDT_CALL_SETFSUID};
constexpr vdt_call kSetgidCalls[] = {VDT_CALL_SETGID, VDT_CALL_SETFSGID};
constexpr vdt_call kCapsetCalls[] = {VDT_CALL_CAPSET};
constexpr vdt_call kPrctlCalls[] = {VDT_CALL_PRCTL};
constexpr vdt_call kSetrlimitCalls[] = {VDT_CALL_SETRLIMIT, VDT_CALL_PRLIMIT};
constexpr vdt_call kSignalCalls[] = {VDT_CALL_KILL,     VDT_CALL_TKILL,      VDT_CALL_TGKILL,
                                     VDT_CALL_SIGQUEUE, VDT_CALL_TGSIGQUEUE, VDT_CALL_PIDFD_SIGNAL};
constexpr vdt_call kPtraceCalls[] = {VDT_CALL_PTRACE};
constexpr vdt_call kUnshareCalls[] = {VDT_CALL_UNSHARE};
constexpr vdt_call kNamespaceCalls[] = {VDT_CALL_UNSHARE, VDT_CALL_SETNS};
constexpr vdt_call kMmapCalls[] = {VDT_CALL_MMAP, VDT_CALL_OLD_MMAP};
constexpr vdt_call kMprotectCalls[] = {VDT_CALL_MPROTECT};

constexpr HookProgram kFixSetuid[] = {{.name = "handle_fix_setuid",
                                       .function = "security_task_fix_setuid",
                                       .parameters = 3,
                                       .call = CallPlace::kWithin}};
constexpr HookProgram kFixSetgid[] = {{.name = "handle_fix_setgid",
                                       .function = "security_task_fix_setgid",
                                       .parameters = 3,
                                       .call = CallPlace::kWithin}};
constexpr HookProgram kSecurityCapset[] = {{.name = "handle_security_capset",
                                            .function = "security_capset",
                                            .parameters = 5,
                                            .call = CallPlace::kWithin}};
constexpr HookProgram kPrctlFunctions[] = {VDT_BOTH("prctl")};
constexpr HookProgram kNamespaceFunctions[] = {VDT_BOTH("unshare"), VDT_BOTH("setns")};
constexpr std::string_view kChanges = "a call that asks for what is so already may be left out";
constexpr std::string_view kReturned = "calls that seccomp refuses are left out";

constexpr HookProgram kSignal[] = {{"handle_signal", "", 0, ""}, kDispatcher};
constexpr HookProgram kTellCapabilities{kCapabilitiesProgram, "", 0, ""};
constexpr HookProgram kCapable[] = {{"handle_cap_capable", "btf_trace_cap_capable", 6, ""},
                                    kTellCapabilities};
constexpr HookProgram kCapableReturn[] = {{"handle_cap_capable_return", "cap_capable", 4, ""},
                                          kTellCapabilities};
constexpr std::string_view kAllChecks =
    "every check counts, also those that only ask; told every 5 seconds and at exec and exit";
constexpr HookProgram kCgroupWrite[] = {{"handle_cgroup_write", "", 0, ""}};

constexpr HookSet kPrctlReturned = {.programs = kPrctlFunctions,
                                    .calls = kPrctlCalls,
                                    .function_handler = "prctl_returned",
                                    .note = kReturned};
constexpr HookSet kNamespacesReturned = {.programs = kNamespaceFunctions,
                                         .calls = kNamespaceCalls,
                                         .function_handler = "unshare_returned",
                                         .note = kReturned};

constexpr HookRow kRows[] = {
    {.type = VDT_SETUID,
     .event = "setuid",
     .lifecycle = true,
     .tracepoint = {.programs = kSysExit, .handler = "handle_setuid", .calls = kSetuidCalls},
     .trampoline = {.programs = kFixSetuid, .note = kChanges}},
    {.type = VDT_SETGID,
     .event = "setgid",
     .lifecycle = true,
     .tracepoint = {.programs = kSysExit, .handler = "handle_setgid", .calls = kSetgidCalls},
     .trampoline = {.programs = kFixSetgid, .note = kChanges}},
    {.type = VDT_CAPSET,
     .event = "capset",
     .lifecycle = true,
     .tracepoint = {.programs = kSysExit, .handler = "handle_capset", .calls = kCapsetCalls},
     .trampoline = {.programs = kSecurityCapset, .note = kChanges}},
    {.type = VDT_PRCTL,
     .event = "prctl",
     .lifecycle = false,
     .tracepoint = {.programs = kSysExit, .handler = "handle_prctl", .calls = kPrctlCalls},
     .trampoline = kPrctlReturned},
    {.type = VDT_SETRLIMIT,
     .event = "setrlimit",
     .lifecycle = false,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_setrlimit",
                    .calls = kSetrlimitCalls,
                    .note = "the limits of a failed call are read from the caller's memory after "
                            "the call"}},
    {.type = VDT_SIGNAL,
     .event = "signal",
     .lifecycle = false,
     .tracepoint = {.programs = kSignal,
                    .handler = "handle_signal_refused",
                    .calls = kSignalCalls,
                    .note = "signal 0, which only asks whether a process exists, is left out; "
                            "before Linux 5.15 pid is the receiver's, also where a group was "
                            "passed"}},
    {.type = VDT_PTRACE,
     .event = "ptrace",
     .lifecycle = false,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_ptrace",
                    .calls = kPtraceCalls,
                    .note = "a tracee that is gone when the call ends (PTRACE_KILL) may be "
                            "missing"}},
    {.type = VDT_UNSHARE,
     .event = "unshare",
     .lifecycle = false,
     .tracepoint = {.programs = kSysExit, .handler = "handle_unshare", .calls = kUnshareCalls},
     .trampoline = kNamespacesReturned},
    {.type = VDT_NAMESPACES,
     .event = "namespaces",
     .lifecycle = true,
     .tracepoint = {.programs = kSysExit, .handler = "handle_unshare", .calls = kNamespaceCalls},
     .trampoline = kNamespacesReturned},
    {.type = VDT_COMM,
     .event = "comm",
     .lifecycle = true,
     .tracepoint = {.programs = kSysExit, .handler = "handle_prctl", .calls = kPrctlCalls},
     .trampoline = kPrctlReturned},
    {.type = VDT_CAPABILITIES,
     .event = "capabilities",
     .lifecycle = false,
     .entries = {},  // checks: whatever made the kernel ask
     .tracepoint = {.programs = kCapable, .note = kAllChecks},
     .trampoline = {.programs = kCapableReturn, .note = kAllChecks}},
    {.type = VDT_CGROUP_WRITE,
     .event = "cgroup_write",
     .lifecycle = false,
     .entries = kSystemCallsAndIoUring,
     .tracepoint = {.programs = kCgroupWrite,
                    .note = "the path is missing when the writer's first argument is not the "
                            "descriptor it writes to (sendfile, io_uring), and before Linux "
                            "5.15"}},
    {.type = VDT_MMAP,
     .event = "mmap",
     .lifecycle = false,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_mmap",
                    .calls = kMmapCalls,
                    .note = "the file is the descriptor's when the call ends"}},
    {.type = VDT_MPROTECT,
     .event = "mprotect",
     .lifecycle = false,
     .tracepoint = {.programs = kSysEnterExit,
                    .handler = "handle_mprotect",
                    .calls = kMprotectCalls,
                    .entry_handler = "handle_mprotect_enter",
                    .note = "of a range with several mappings, vm_protection is the first one's"}},
};

}  // namespace

std::span<const HookRow> process_hooks() {
    return kRows;
}

}  // namespace vedette::probe
