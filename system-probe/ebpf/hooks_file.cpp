// SPDX-License-Identifier: Apache-2.0
//
// Hooks of what happens to files.
#include "system-probe/ebpf/call_functions.h"
#include "system-probe/ebpf/hook_table.h"

namespace vedette::probe {
namespace {

constexpr vdt_call kOpenCalls[] = {VDT_CALL_OPEN,     VDT_CALL_OPENAT,         VDT_CALL_OPENAT2,
                                   VDT_CALL_CREAT,    VDT_CALL_OPEN_BY_HANDLE, VDT_CALL_TRUNCATE,
                                   VDT_CALL_FTRUNCATE};
constexpr vdt_call kTruncateCalls[] = {VDT_CALL_TRUNCATE, VDT_CALL_FTRUNCATE};
constexpr vdt_call kChmodCalls[] = {VDT_CALL_CHMOD, VDT_CALL_FCHMOD, VDT_CALL_FCHMODAT,
                                    VDT_CALL_FCHMODAT2};
constexpr vdt_call kChownCalls[] = {VDT_CALL_CHOWN, VDT_CALL_LCHOWN, VDT_CALL_FCHOWN,
                                    VDT_CALL_FCHOWNAT};
constexpr vdt_call kMkdirCalls[] = {VDT_CALL_MKDIR, VDT_CALL_MKDIRAT};
constexpr vdt_call kRmdirCalls[] = {VDT_CALL_RMDIR, VDT_CALL_UNLINKAT};
constexpr vdt_call kUnlinkCalls[] = {VDT_CALL_UNLINK, VDT_CALL_UNLINKAT};
constexpr vdt_call kRenameCalls[] = {VDT_CALL_RENAME, VDT_CALL_RENAMEAT};
constexpr vdt_call kLinkCalls[] = {VDT_CALL_LINK, VDT_CALL_LINKAT};
constexpr vdt_call kUtimesCalls[] = {VDT_CALL_UTIME, VDT_CALL_UTIMES, VDT_CALL_FUTIMESAT,
                                     VDT_CALL_UTIMENSAT};
constexpr vdt_call kSetxattrCalls[] = {VDT_CALL_SETXATTR, VDT_CALL_FSETXATTR, VDT_CALL_SETXATTRAT};
constexpr vdt_call kRemovexattrCalls[] = {VDT_CALL_REMOVEXATTR, VDT_CALL_FREMOVEXATTR,
                                          VDT_CALL_REMOVEXATTRAT};
constexpr vdt_call kChdirCalls[] = {VDT_CALL_CHDIR, VDT_CALL_FCHDIR};
constexpr vdt_call kMountCalls[] = {VDT_CALL_MOUNT, VDT_CALL_MOVE_MOUNT, VDT_CALL_FSMOUNT,
                                    VDT_CALL_OPEN_TREE};
constexpr vdt_call kSpliceCalls[] = {VDT_CALL_SPLICE};

// 7.x renames do_filp_open. Before 5.13 (ffb37ca3bd16) do_file_open_root has other parameters: tracepoints there.
constexpr HookProgram kOpenTrampoline[] = {
    {"handle_do_filp_open", "do_filp_open", 3, "do_file_open"},
    {"handle_do_file_open_root", "do_file_open_root", 3, ""},
    after("after_truncate", VDT_NATIVE("truncate")),
    after("after_ftruncate", VDT_NATIVE("ftruncate")),
    after("after_truncate_compat", VDT_COMPAT_OWN("truncate")),
    after("after_ftruncate_compat", VDT_COMPAT_OWN("ftruncate")),
    after("after_truncate64_compat", VDT_COMPAT_LONG("truncate64")),
    after("after_ftruncate64_compat", VDT_COMPAT_LONG("ftruncate64"))};

// What the kernel's look-up found, for the handler at the call's end. security_path_* need CONFIG_SECURITY_PATH.
constexpr HookProgram kSeeChmod[] = {{"see_chmod", "security_path_chmod", 2, ""},
                                     VDT_BOTH("chmod"),
                                     VDT_BOTH("fchmod"),
                                     VDT_BOTH("fchmodat"),
                                     VDT_BOTH("fchmodat2")};
constexpr HookProgram kSeeChown[] = {{"see_chown", "security_path_chown", 3, ""},
                                     VDT_BOTH("chown"),
                                     VDT_BOTH("lchown"),
                                     VDT_BOTH("fchown"),
                                     VDT_BOTH("fchownat"),
                                     after("after_chown16", VDT_COMPAT("chown16")),
                                     after("after_lchown16", VDT_COMPAT("lchown16")),
                                     after("after_fchown16", VDT_COMPAT("fchown16"))};
constexpr HookProgram kSeeUtimes[] = {kDispatcher, {"see_utimes", "vfs_utimes", 2, ""}};
constexpr HookProgram kSeeMkdir[] = {kDispatcher, {"see_mkdir", "security_path_mkdir", 3, ""}};
constexpr HookProgram kSeeRmdir[] = {kDispatcher, {"see_rmdir", "security_path_rmdir", 2, ""}};
constexpr HookProgram kSeeUnlink[] = {kDispatcher, {"see_unlink", "security_path_unlink", 2, ""}};
constexpr HookProgram kSeeRename[] = {kDispatcher, {"see_rename", "security_path_rename", 5, ""}};
constexpr HookProgram kSeeLink[] = {kDispatcher, {"see_link", "security_path_link", 3, ""}};

constexpr std::string_view kByName =
    "a file that is passed by name is the name, read from the caller's memory after the call";
constexpr std::string_view kFailedByName =
    "a file whose look-up fails (before Linux 5.15: any that is passed by name) is the name, read "
    "from the caller's memory after the call";

constexpr std::string_view kReturned =
    "a file whose look-up fails (before Linux 5.15: any that is passed by name) is the name, read "
    "from the caller's memory after the call; calls that seccomp refuses are left out";

constexpr Entry kOpenEntries[] = {Entry::kNative, Entry::kCompat, Entry::kIoUring, Entry::kHandle};
constexpr Entry kUnseenIoUring[] = {Entry::kIoUring};

/// Types that the dispatcher serves. `trampoline`: what sees their files; empty: nothing does.
constexpr HookRow row(vdt_type type, std::string_view event, std::string_view handler,
                      std::span<const vdt_call> calls, std::span<const HookProgram> trampoline = {},
                      std::string_view note = kByName) {
    HookRow out{
        .type = type,
        .event = event,
        .lifecycle = false,
        .tracepoint = {.programs = kSysExit, .handler = handler, .calls = calls, .note = note},
        .trampoline = {}};
    if (trampoline.empty())
        return out;
    out.trampoline = out.tracepoint;
    out.trampoline.programs = trampoline;
    out.trampoline.note = kFailedByName;
    return out;
}

/// The same of a type whose trampolines are on the functions of all its calls, too.
constexpr HookRow on_functions(HookRow out, std::string_view handler) {
    out.trampoline.handler = {};
    out.trampoline.function_handler = handler;
    out.trampoline.note = kReturned;
    return out;
}

/// The same of a type that io_uring has, too; there the name is the kernel's copy, and the file is not known.
constexpr HookRow and_of_io_uring(HookRow out) {
    out.entries = kSystemCallsAndIoUring;
    out.tracepoint.io_uring = kIoUringNames;
    out.trampoline.io_uring = kIoUringNames;
    return out;
}

/// The same where nothing sees it.
constexpr HookRow but_of_io_uring(HookRow out) {
    out.entries = kSystemCallsAndIoUring;
    out.tracepoint.unseen = kUnseenIoUring;
    if (!out.trampoline.programs.empty())
        out.trampoline.unseen = kUnseenIoUring;
    return out;
}

constexpr HookRow kRows[] = {
    {.type = VDT_OPEN,
     .event = "open",
     .lifecycle = false,
     .entries = kOpenEntries,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_open",
                    .calls = kOpenCalls,
                    .io_uring = kIoUringTracepoints,
                    .note = "truncate and ftruncate are opens with O_TRUNC; the name of a failed "
                            "open or of truncate is read from the caller's memory after the call"},
     .trampoline = {.programs = kOpenTrampoline,
                    .calls = kTruncateCalls,
                    .function_handler = "truncate_returned",
                    .blind = "ftruncate by io_uring",
                    .note = "retval of a success is 0; opens refused before the path is looked up "
                            "(bad flags, no free descriptor, seccomp) are left out; truncate and "
                            "ftruncate are opens with O_TRUNC"}},
    on_functions(row(VDT_CHMOD, "chmod", "handle_chmod", kChmodCalls, kSeeChmod), "chmod_returned"),
    on_functions(row(VDT_CHOWN, "chown", "handle_chown", kChownCalls, kSeeChown), "chown_returned"),
    and_of_io_uring(row(VDT_MKDIR, "mkdir", "handle_mkdir", kMkdirCalls, kSeeMkdir)),
    and_of_io_uring(row(VDT_RMDIR, "rmdir", "handle_remove", kRmdirCalls, kSeeRmdir)),
    and_of_io_uring(row(VDT_UNLINK, "unlink", "handle_remove", kUnlinkCalls, kSeeUnlink)),
    and_of_io_uring(row(VDT_RENAME, "rename", "handle_rename", kRenameCalls, kSeeRename)),
    and_of_io_uring(row(VDT_LINK, "link", "handle_link", kLinkCalls, kSeeLink)),
    row(VDT_UTIMES, "utimes", "handle_utimes", kUtimesCalls, kSeeUtimes),
    but_of_io_uring(row(VDT_SETXATTR, "setxattr", "handle_setxattr", kSetxattrCalls)),
    row(VDT_REMOVEXATTR, "removexattr", "handle_removexattr", kRemovexattrCalls),
    row(VDT_CHDIR, "chdir", "handle_chdir", kChdirCalls, {},
        "the name of a failed chdir is read from the caller's memory after the call"),
    row(VDT_MOUNT, "mount", "handle_mount", kMountCalls, {},
        "the kernel's mount is taken from the namespace after mount(2), if it is where the name "
        "says; remounts and changes of propagation are no mounts"),
    {.type = VDT_SPLICE,
     .event = "splice",
     .lifecycle = false,
     .entries = kSystemCallsAndIoUring,
     .tracepoint = {.programs = kSysEnterExit,
                    .handler = "handle_splice",
                    .calls = kSpliceCalls,
                    .entry_handler = "handle_splice_entry",
                    .unseen = kUnseenIoUring}},
};

}  // namespace

std::span<const HookRow> file_hooks() {
    return kRows;
}

}  // namespace vedette::probe
