// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/hook_table.h"

#include <array>

namespace vedette::probe {
namespace {

constexpr HookProgram kFork[] = {{"handle_fork", "", 0, ""}};
constexpr HookProgram kExec[] = {{"handle_exec", "", 0, ""}};
constexpr HookProgram kExecTrampoline[] = {{"handle_exec", "", 0, ""},
                                           {"handle_bprm_check", "security_bprm_check", 1, ""}};
constexpr HookProgram kExit[] = {{"handle_exit", "", 0, ""}};
constexpr HookProgram kCgroup[] = {{"handle_cgroup", "", 0, ""}};
constexpr HookProgram kSysExit[] = {kDispatcher};
// 7.x renames do_filp_open. Before 5.13 (ffb37ca3bd16) do_file_open_root has other parameters: tracepoints there.
constexpr HookProgram kOpenTrampoline[] = {
    {"handle_do_filp_open", "do_filp_open", 3, "do_file_open"},
    {"handle_do_file_open_root", "do_file_open_root", 3, ""}};
constexpr HookProgram kConnectTrampoline[] = {{"handle_connect_file", "__sys_connect_file", 4, ""}};

constexpr HookSet kNone{};

constexpr std::array kTable = {
    HookRow{VDT_FORK, "fork", true, {kFork, "", "", ""}, kNone},
    HookRow{VDT_EXEC,
            "exec",
            true,
            {kExec, "",
             "the file of a script: it is known by name only, the file is its interpreter", ""},
            {kExecTrampoline, "", "", ""}},
    HookRow{VDT_EXIT, "exit", true, {kExit, "", "", ""}, kNone},
    HookRow{VDT_CGROUP, "cgroup", true, {kCgroup, "", "", ""}, kNone},
    HookRow{VDT_OPEN,
            "open",
            false,
            {kSysExit, "handle_open", "opens by io_uring",
             "the name of a failed open is read from the caller's memory after the call"},
            {kOpenTrampoline, "", "",
             "retval of a success is 0; opens refused before the path is looked up (bad flags, no "
             "free descriptor) are left out"}},
    HookRow{VDT_CONNECT,
            "connect",
            false,
            {kSysExit, "handle_connect", "connects by io_uring",
             "the address of a failed connect is read from the caller's memory after the call"},
            {kConnectTrampoline, "", "", ""}},
    HookRow{VDT_SETUID, "setuid", false, {kSysExit, "handle_setuid", "", ""}, kNone},
    HookRow{VDT_SETGID, "setgid", false, {kSysExit, "handle_setgid", "", ""}, kNone},
};

}  // namespace

std::span<const HookRow> hook_table() {
    return kTable;
}

}  // namespace vedette::probe
