// SPDX-License-Identifier: Apache-2.0
//
// Hooks of what processes do to themselves and to each other.
#include "system-probe/ebpf/hook_table.h"

namespace vedette::probe {
namespace {

constexpr vdt_call kSetuidCalls[] = {VDT_CALL_SETUID, VDT_CALL_SETFSUID};
constexpr vdt_call kSetgidCalls[] = {VDT_CALL_SETGID, VDT_CALL_SETFSGID};

constexpr HookRow kRows[] = {
    {.type = VDT_SETUID,
     .event = "setuid",
     .lifecycle = true,
     .tracepoint = {.programs = kSysExit, .handler = "handle_setuid", .calls = kSetuidCalls}},
    {.type = VDT_SETGID,
     .event = "setgid",
     .lifecycle = true,
     .tracepoint = {.programs = kSysExit, .handler = "handle_setgid", .calls = kSetgidCalls}},
};

}  // namespace

std::span<const HookRow> process_hooks() {
    return kRows;
}

}  // namespace vedette::probe
