// SPDX-License-Identifier: Apache-2.0
//
// Hooks that the process tree is made of.
#include "system-probe/ebpf/hook_table.h"

namespace vedette::probe {
namespace {

constexpr HookProgram kFork[] = {{"handle_fork", "", 0, ""}};
constexpr HookProgram kExec[] = {{"handle_exec", "", 0, ""}};
constexpr HookProgram kExecTrampoline[] = {{"handle_exec", "", 0, ""},
                                           {"handle_bprm_check", "security_bprm_check", 1, ""}};
constexpr HookProgram kExit[] = {{"handle_exit", "", 0, ""}};
constexpr HookProgram kCgroup[] = {{"handle_cgroup", "", 0, ""}};

constexpr HookRow kRows[] = {
    {.type = VDT_FORK, .event = "fork", .lifecycle = true, .tracepoint = {.programs = kFork}},
    {.type = VDT_EXEC,
     .event = "exec",
     .lifecycle = true,
     .tracepoint = {.programs = kExec,
                    .blind = "the file of a script: it is known by name only, the file is its "
                             "interpreter"},
     .trampoline = {.programs = kExecTrampoline}},
    {.type = VDT_EXIT, .event = "exit", .lifecycle = true, .tracepoint = {.programs = kExit}},
    {.type = VDT_CGROUP, .event = "cgroup", .lifecycle = true, .tracepoint = {.programs = kCgroup}},
};

}  // namespace

std::span<const HookRow> lifecycle_hooks() {
    return kRows;
}

}  // namespace vedette::probe
