// SPDX-License-Identifier: Apache-2.0
//
// Hooks of what happens to files.
#include "system-probe/ebpf/hook_table.h"

namespace vedette::probe {
namespace {

constexpr vdt_call kOpenCalls[] = {VDT_CALL_OPEN, VDT_CALL_OPENAT, VDT_CALL_OPENAT2, VDT_CALL_CREAT,
                                   VDT_CALL_OPEN_BY_HANDLE};
// 7.x renames do_filp_open. Before 5.13 (ffb37ca3bd16) do_file_open_root has other parameters: tracepoints there.
constexpr HookProgram kOpenTrampoline[] = {
    {"handle_do_filp_open", "do_filp_open", 3, "do_file_open"},
    {"handle_do_file_open_root", "do_file_open_root", 3, ""}};

constexpr Entry kOpenEntries[] = {Entry::kNative, Entry::kCompat, Entry::kIoUring, Entry::kHandle};

constexpr HookRow kRows[] = {
    {.type = VDT_OPEN,
     .event = "open",
     .lifecycle = false,
     .entries = kOpenEntries,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_open",
                    .calls = kOpenCalls,
                    .io_uring = kIoUringTracepoints,
                    .note = "the name of a failed open is read from the caller's memory after the "
                            "call"},
     .trampoline = {.programs = kOpenTrampoline,
                    .note = "retval of a success is 0; opens refused before the path is looked up "
                            "(bad flags, no free descriptor) are left out"}},
};

}  // namespace

std::span<const HookRow> file_hooks() {
    return kRows;
}

}  // namespace vedette::probe
