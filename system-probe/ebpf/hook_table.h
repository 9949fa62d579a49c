// SPDX-License-Identifier: Apache-2.0
//
// Which programs give which event type on which backend: the one table the loader picks from. A new event type is a
// row here, its programs and, for the tracepoint backend, its system calls in system_calls.cpp.
#pragma once

#include <span>
#include <string_view>

#include "bpf/abi/records.h"

namespace vedette::probe {

/// A program that the loader attaches; its name is the function's in bpf/programs/.
struct HookProgram {
    std::string_view name;
    std::string_view
        function;  ///< fentry, fexit: the kernel function, to try it before loading; else empty
    unsigned parameters =
        0;  ///< how many the function must have for the program to read them right
    std::string_view renamed;  ///< the function's name on newer kernels, when it changed
};

struct HookSet {
    std::span<const HookProgram>
        programs;  ///< empty: this backend has nothing of its own for the type
    std::string_view
        handler;  ///< program that the sys_exit dispatcher jumps to; empty when attached itself
    std::string_view
        blind;  ///< what this backend does not see, for the reader of `check`; empty: nothing known
    std::string_view note;  ///< small differences that miss no event
};

struct HookRow {
    vdt_type type;
    std::string_view event;  ///< as in SECL
    bool lifecycle;          ///< the process tree needs it: always on
    HookSet tracepoint;
    HookSet trampoline;
};

std::span<const HookRow> hook_table();

/// The dispatcher that every `handler` of the table hangs on.
inline constexpr HookProgram kDispatcher{"dispatch_sys_exit", "", 0, ""};
/// The task iterator of the snapshot.
inline constexpr std::string_view kSnapshotProgram = "dump_process";

}  // namespace vedette::probe
