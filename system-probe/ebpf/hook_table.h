// SPDX-License-Identifier: Apache-2.0
//
// Which programs give which event type on which backend: the one table the loader picks from. A new event type is a
// row here and its programs.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "bpf/abi/programs.h"

namespace vedette::probe {

/// What the function that a program is on has to do with system calls that could be followed at their end as well.
enum class CallPlace : uint8_t {
    kNone,    ///< nothing
    kWithin,  ///< all forms of a call come there
    kItself,  ///< it is the call's own: where the kernel has no such call there is nothing to see, and it is left out
};

/// A program that the loader attaches; its name is the function's in bpf/programs/.
struct HookProgram {
    std::string_view name;
    /// fentry, fexit: the kernel function, to try it before loading. A tracepoint whose arguments differ between kernels:
    /// its type, btf_trace_NAME. "filesystem:NAME": there must be such file systems. Else empty.
    std::string_view function;
    unsigned parameters =
        0;  ///< how many the function must have for the program to read them right
    std::string_view renamed;            ///< the function's name on newer kernels, when it changed
    const HookProgram* older = nullptr;  ///< of io_uring: for kernels that have not that tracepoint
    CallPlace call = CallPlace::kNone;
};

/// A way by which a process can have the same thing done.
enum class Entry : uint8_t {
    kNative,   ///< the system calls of a 64-bit program
    kCompat,   ///< those of a 32-bit one, on x86 also int 0x80 in any program
    kIoUring,  ///< an io_uring, where the kernel's own threads may act
    kHandle,   ///< open_by_handle_at
};
/// "64-bit", "32-bit", "io_uring", "handle".
std::string_view to_string(Entry entry);

inline constexpr Entry kSystemCalls[] = {Entry::kNative, Entry::kCompat};
inline constexpr Entry kSystemCallsAndIoUring[] = {Entry::kNative, Entry::kCompat, Entry::kIoUring};

struct HookSet {
    /// Attached; empty: this backend has nothing of its own for the type.
    std::span<const HookProgram> programs;
    /// Program that the sys_exit dispatcher jumps to at the end of each of `calls`; empty: none. Types that share a call
    /// share the handler, which asks is_wanted(). Without calls: loaded, for another program to jump to.
    std::string_view handler;
    std::span<const vdt_call> calls;
    /// The same at the call's beginning, for what is gone at its end; empty: none.
    std::string_view entry_handler;
    /// What those of `programs` that are on functions of `calls` jump to, instead of the two above; empty: none. Rows that
    /// share it must have the same functions, or one of them could see a call twice.
    std::string_view function_handler;
    std::span<const Entry> unseen;  ///< of the row's entries
    /// What sees Entry::kIoUring; where the kernel refuses one of these and its older form, that entry alone is unseen.
    std::span<const HookProgram> io_uring;
    /// What else this backend does not see, for the reader of `check`; empty: nothing known.
    std::string_view blind;
    std::string_view note;  ///< small differences that miss no event
};

/// All handlers that the set has.
std::vector<std::string_view> handlers_of(const HookSet& set);

struct HookRow {
    vdt_type type;
    std::string_view event;  ///< as in SECL
    bool lifecycle;          ///< of the process tree: loaded whatever rules there are
    std::span<const Entry> entries = kSystemCalls;  ///< that there are on some kernel
    HookSet tracepoint;
    HookSet trampoline;
};

/// The rows of one family of events each; hook_table() is all of them.
std::span<const HookRow> lifecycle_hooks();
std::span<const HookRow> file_hooks();
std::span<const HookRow> process_hooks();
std::span<const HookRow> kernel_hooks();
std::span<const HookRow> network_hooks();

std::span<const HookRow> hook_table();

/// The dispatchers that every `handler` and `entry_handler` of the table hangs on.
inline constexpr HookProgram kDispatcher{"dispatch_sys_exit", "", 0, ""};
inline constexpr HookProgram kEntryDispatcher{"dispatch_sys_enter", "", 0, ""};
inline constexpr HookProgram kSysExit[] = {kDispatcher};
/// Of the tracepoints of io_uring: how many parameters they have, and before Linux 6.4 and 6.12. Before 6.0 requests have
/// another layout, and the tracepoints yet other parameters.
constexpr HookProgram on_submit(std::string_view name, const HookProgram* older) {
    return {name, "btf_trace_io_uring_submit_req", 2, "", older};
}
constexpr HookProgram on_submit_sqe(std::string_view name) {
    return {name, "btf_trace_io_uring_submit_sqe", 3, ""};
}
constexpr HookProgram on_complete(std::string_view name, const HookProgram* older) {
    return {name, "btf_trace_io_uring_complete", 4, "", older};
}
constexpr HookProgram on_complete_res(std::string_view name) {
    return {name, "btf_trace_io_uring_complete", 8, ""};
}
inline constexpr HookProgram kOlderIoUring[] = {
    on_submit_sqe("handle_io_uring_submit_sqe"), on_complete_res("handle_io_uring_complete_res"),
    on_submit_sqe("handle_ring_name_submit_sqe"), on_complete_res("handle_ring_name_complete_res"),
    on_complete_res("handle_ring_socket_complete_res")};
/// Tracepoint backend: requests of an io_uring that open and connect.
inline constexpr HookProgram kIoUringTracepoints[] = {
    on_submit("handle_io_uring_submit", &kOlderIoUring[0]),
    on_complete("handle_io_uring_complete", &kOlderIoUring[1])};
/// Those that name files.
inline constexpr HookProgram kIoUringNames[] = {
    on_submit("handle_ring_name_submit", &kOlderIoUring[2]),
    on_complete("handle_ring_name_complete", &kOlderIoUring[3])};
/// Those on sockets.
inline constexpr HookProgram kIoUringSockets[] = {
    on_complete("handle_ring_socket_complete", &kOlderIoUring[4])};
inline constexpr HookProgram kSysEnterExit[] = {kEntryDispatcher, kDispatcher};

/// An iterator, run again and again: has the kernel tell what it gathered of capabilities.
inline constexpr std::string_view kCapabilitiesProgram = "tell_capabilities";
/// A template: loaded once for each kernel function that a rule names (ondemand_functions.h).
inline constexpr std::string_view kOnDemandTemplate = "handle_ondemand_function";
/// The task iterator of the snapshot.
inline constexpr std::string_view kSnapshotProgram = "dump_process";
/// The file iterator that gives older sockets their owners; of use only with the program that owns new ones.
inline constexpr std::string_view kSocketSnapshotProgram = "own_old_sockets";
inline constexpr std::string_view kSocketProgram = "own_new_socket";

}  // namespace vedette::probe
