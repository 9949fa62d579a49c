// SPDX-License-Identifier: Apache-2.0
//
// Hooks of sockets and packets.
#include "system-probe/ebpf/hook_table.h"

namespace vedette::probe {
namespace {

constexpr vdt_call kConnectCalls[] = {VDT_CALL_CONNECT};
constexpr HookProgram kConnectTrampoline[] = {{"handle_connect_file", "__sys_connect_file", 4, ""}};

constexpr HookRow kRows[] = {
    {.type = VDT_CONNECT,
     .event = "connect",
     .lifecycle = false,
     .entries = kSystemCallsAndIoUring,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_connect",
                    .calls = kConnectCalls,
                    .io_uring = kIoUringTracepoints,
                    .note = "the address of a failed connect is read from the caller's memory "
                            "after the call"},
     .trampoline = {.programs = kConnectTrampoline}},
};

}  // namespace

std::span<const HookRow> network_hooks() {
    return kRows;
}

}  // namespace vedette::probe
