// SPDX-License-Identifier: Apache-2.0
//
// Native numbers come from the C library. 32-bit numbers are the kernel's arch/x86/entry/syscalls/syscall_32.tbl and
// arch/arm64/tools/syscall_32.tbl, which never change; those above 402 are the same on every architecture.
#include "system-probe/ebpf/system_calls.h"

#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace vedette::probe {
namespace {

struct Number {
    unsigned nr;
    vdt_call call;
};

/// On every architecture and entry; newer than some C library's headers.
constexpr Number kEverywhere[] = {
    {424, VDT_CALL_PIDFD_SIGNAL},  {428, VDT_CALL_OPEN_TREE}, {429, VDT_CALL_MOVE_MOUNT},
    {432, VDT_CALL_FSMOUNT},       {452, VDT_CALL_FCHMODAT2}, {463, VDT_CALL_SETXATTRAT},
    {466, VDT_CALL_REMOVEXATTRAT},
};

constexpr Number kNative[] = {
#if defined(__x86_64__)
    {SYS_open, VDT_CALL_OPEN},
    {SYS_creat, VDT_CALL_CREAT},
    {SYS_chmod, VDT_CALL_CHMOD},
    {SYS_chown, VDT_CALL_CHOWN},
    {SYS_lchown, VDT_CALL_LCHOWN},
    {SYS_mkdir, VDT_CALL_MKDIR},
    {SYS_rmdir, VDT_CALL_RMDIR},
    {SYS_unlink, VDT_CALL_UNLINK},
    {SYS_rename, VDT_CALL_RENAME},
    {SYS_renameat, VDT_CALL_RENAMEAT},
    {SYS_link, VDT_CALL_LINK},
    {SYS_utime, VDT_CALL_UTIME},
    {SYS_utimes, VDT_CALL_UTIMES},
    {SYS_futimesat, VDT_CALL_FUTIMESAT},
    {SYS_setrlimit, VDT_CALL_SETRLIMIT},
#endif
    {SYS_openat, VDT_CALL_OPENAT},
    {SYS_openat2, VDT_CALL_OPENAT2},
    {SYS_open_by_handle_at, VDT_CALL_OPEN_BY_HANDLE},
    {SYS_truncate, VDT_CALL_TRUNCATE},
    {SYS_ftruncate, VDT_CALL_FTRUNCATE},
    {SYS_fchmod, VDT_CALL_FCHMOD},
    {SYS_fchmodat, VDT_CALL_FCHMODAT},
    {SYS_fchown, VDT_CALL_FCHOWN},
    {SYS_fchownat, VDT_CALL_FCHOWNAT},
    {SYS_mkdirat, VDT_CALL_MKDIRAT},
    {SYS_unlinkat, VDT_CALL_UNLINKAT},
    {SYS_renameat2, VDT_CALL_RENAMEAT},
    {SYS_linkat, VDT_CALL_LINKAT},
    {SYS_utimensat, VDT_CALL_UTIMENSAT},
    {SYS_setxattr, VDT_CALL_SETXATTR},
    {SYS_lsetxattr, VDT_CALL_SETXATTR},
    {SYS_fsetxattr, VDT_CALL_FSETXATTR},
    {SYS_removexattr, VDT_CALL_REMOVEXATTR},
    {SYS_lremovexattr, VDT_CALL_REMOVEXATTR},
    {SYS_fremovexattr, VDT_CALL_FREMOVEXATTR},
    {SYS_chdir, VDT_CALL_CHDIR},
    {SYS_fchdir, VDT_CALL_FCHDIR},
    {SYS_mount, VDT_CALL_MOUNT},
    {SYS_splice, VDT_CALL_SPLICE},
    {SYS_capset, VDT_CALL_CAPSET},
    {SYS_prctl, VDT_CALL_PRCTL},
    {SYS_prlimit64, VDT_CALL_PRLIMIT},
    {SYS_kill, VDT_CALL_KILL},
    {SYS_tkill, VDT_CALL_TKILL},
    {SYS_tgkill, VDT_CALL_TGKILL},
    {SYS_rt_sigqueueinfo, VDT_CALL_SIGQUEUE},
    {SYS_rt_tgsigqueueinfo, VDT_CALL_TGSIGQUEUE},
    {SYS_ptrace, VDT_CALL_PTRACE},
    {SYS_unshare, VDT_CALL_UNSHARE},
    {SYS_setns, VDT_CALL_SETNS},
    {SYS_mmap, VDT_CALL_MMAP},
    {SYS_mprotect, VDT_CALL_MPROTECT},
    {SYS_pkey_mprotect, VDT_CALL_MPROTECT},
    {SYS_init_module, VDT_CALL_INIT_MODULE},
    {SYS_finit_module, VDT_CALL_FINIT_MODULE},
    {SYS_delete_module, VDT_CALL_DELETE_MODULE},
    {SYS_bpf, VDT_CALL_BPF},
    {SYS_write, VDT_CALL_WRITE},
    {SYS_pwrite64, VDT_CALL_WRITE},
    {SYS_writev, VDT_CALL_WRITEV},
    {SYS_pwritev, VDT_CALL_WRITEV},
    {SYS_pwritev2, VDT_CALL_WRITEV},
    {SYS_connect, VDT_CALL_CONNECT},
    {SYS_bind, VDT_CALL_BIND},
    {SYS_accept, VDT_CALL_ACCEPT},
    {SYS_accept4, VDT_CALL_ACCEPT},
    {SYS_socket, VDT_CALL_SOCKET},
    {SYS_setsockopt, VDT_CALL_SETSOCKOPT},
    {SYS_setuid, VDT_CALL_SETUID},
    {SYS_setreuid, VDT_CALL_SETUID},
    {SYS_setresuid, VDT_CALL_SETUID},
    {SYS_setfsuid, VDT_CALL_SETFSUID},
    {SYS_setgid, VDT_CALL_SETGID},
    {SYS_setregid, VDT_CALL_SETGID},
    {SYS_setresgid, VDT_CALL_SETGID},
    {SYS_setfsgid, VDT_CALL_SETFSGID},
};

/// Each id call twice: the first form takes 16-bit ids. So do truncate and ftruncate: 64-bit lengths.
constexpr Number kCompat[] = {
    {4, VDT_CALL_WRITE},          {5, VDT_CALL_OPEN},           {8, VDT_CALL_CREAT},
    {9, VDT_CALL_LINK},           {10, VDT_CALL_UNLINK},        {12, VDT_CALL_CHDIR},
    {15, VDT_CALL_CHMOD},         {16, VDT_CALL_LCHOWN},        {21, VDT_CALL_MOUNT},
    {23, VDT_CALL_SETUID},        {26, VDT_CALL_PTRACE},        {30, VDT_CALL_UTIME},
    {37, VDT_CALL_KILL},          {38, VDT_CALL_RENAME},        {39, VDT_CALL_MKDIR},
    {40, VDT_CALL_RMDIR},         {46, VDT_CALL_SETGID},        {70, VDT_CALL_SETUID},
    {71, VDT_CALL_SETGID},        {75, VDT_CALL_SETRLIMIT},     {92, VDT_CALL_TRUNCATE},
    {93, VDT_CALL_FTRUNCATE},     {94, VDT_CALL_FCHMOD},        {95, VDT_CALL_FCHOWN},
    {125, VDT_CALL_MPROTECT},     {128, VDT_CALL_INIT_MODULE},  {129, VDT_CALL_DELETE_MODULE},
    {133, VDT_CALL_FCHDIR},       {138, VDT_CALL_SETFSUID},     {139, VDT_CALL_SETFSGID},
    {164, VDT_CALL_SETUID},       {170, VDT_CALL_SETGID},       {172, VDT_CALL_PRCTL},
    {178, VDT_CALL_SIGQUEUE},     {182, VDT_CALL_CHOWN},        {185, VDT_CALL_CAPSET},
    {192, VDT_CALL_MMAP},         {193, VDT_CALL_TRUNCATE},     {194, VDT_CALL_FTRUNCATE},
    {198, VDT_CALL_LCHOWN},       {203, VDT_CALL_SETUID},       {204, VDT_CALL_SETGID},
    {207, VDT_CALL_FCHOWN},       {208, VDT_CALL_SETUID},       {210, VDT_CALL_SETGID},
    {212, VDT_CALL_CHOWN},        {213, VDT_CALL_SETUID},       {214, VDT_CALL_SETGID},
    {215, VDT_CALL_SETFSUID},     {216, VDT_CALL_SETFSGID},     {226, VDT_CALL_SETXATTR},
    {227, VDT_CALL_SETXATTR},     {228, VDT_CALL_FSETXATTR},    {235, VDT_CALL_REMOVEXATTR},
    {236, VDT_CALL_REMOVEXATTR},  {237, VDT_CALL_FREMOVEXATTR}, {238, VDT_CALL_TKILL},
    {412, VDT_CALL_UTIMENSAT},  // utimensat_time64
    {437, VDT_CALL_OPENAT2},      {146, VDT_CALL_WRITEV},       {181, VDT_CALL_WRITE},
#if defined(__x86_64__)
    {90, VDT_CALL_OLD_MMAP},      {102, VDT_CALL_SOCKETCALL},   {270, VDT_CALL_TGKILL},
    {271, VDT_CALL_UTIMES},       {295, VDT_CALL_OPENAT},       {296, VDT_CALL_MKDIRAT},
    {298, VDT_CALL_FCHOWNAT},     {299, VDT_CALL_FUTIMESAT},    {301, VDT_CALL_UNLINKAT},
    {302, VDT_CALL_RENAMEAT},     {303, VDT_CALL_LINKAT},       {306, VDT_CALL_FCHMODAT},
    {310, VDT_CALL_UNSHARE},      {313, VDT_CALL_SPLICE},       {320, VDT_CALL_UTIMENSAT},
    {335, VDT_CALL_TGSIGQUEUE},   {340, VDT_CALL_PRLIMIT},      {342, VDT_CALL_OPEN_BY_HANDLE},
    {350, VDT_CALL_FINIT_MODULE}, {353, VDT_CALL_RENAMEAT},     {357, VDT_CALL_BPF},
    {359, VDT_CALL_SOCKET},       {361, VDT_CALL_BIND},         {362, VDT_CALL_CONNECT},
    {364, VDT_CALL_ACCEPT},       {366, VDT_CALL_SETSOCKOPT},   {380, VDT_CALL_MPROTECT},
    {346, VDT_CALL_SETNS},        {334, VDT_CALL_WRITEV},       {379, VDT_CALL_WRITEV},
#elif defined(__aarch64__)
    {268, VDT_CALL_TGKILL},        {269, VDT_CALL_UTIMES},
    {281, VDT_CALL_SOCKET},        {282, VDT_CALL_BIND},
    {283, VDT_CALL_CONNECT},       {285, VDT_CALL_ACCEPT},
    {294, VDT_CALL_SETSOCKOPT},    {322, VDT_CALL_OPENAT},
    {323, VDT_CALL_MKDIRAT},       {325, VDT_CALL_FCHOWNAT},
    {326, VDT_CALL_FUTIMESAT},     {328, VDT_CALL_UNLINKAT},
    {329, VDT_CALL_RENAMEAT},      {330, VDT_CALL_LINKAT},
    {333, VDT_CALL_FCHMODAT},      {337, VDT_CALL_UNSHARE},
    {340, VDT_CALL_SPLICE},        {348, VDT_CALL_UTIMENSAT},
    {363, VDT_CALL_TGSIGQUEUE},    {366, VDT_CALL_ACCEPT},
    {369, VDT_CALL_PRLIMIT},       {371, VDT_CALL_OPEN_BY_HANDLE},
    {379, VDT_CALL_FINIT_MODULE},  {382, VDT_CALL_RENAMEAT},
    {386, VDT_CALL_BPF},           {394, VDT_CALL_MPROTECT},
    {375, VDT_CALL_SETNS},         {362, VDT_CALL_WRITEV},
    {393, VDT_CALL_WRITEV},
#endif
};

/// What socketcall(2) has inside.
constexpr vdt_call kSocketCalls[] = {VDT_CALL_CONNECT, VDT_CALL_BIND, VDT_CALL_ACCEPT,
                                     VDT_CALL_SOCKET, VDT_CALL_SETSOCKOPT};

bool contains(std::span<const vdt_call> calls, vdt_call call) {
    return std::find(calls.begin(), calls.end(), call) != calls.end();
}

bool is_wanted(vdt_call call, std::span<const vdt_call> calls) {
    if (call == VDT_CALL_SOCKETCALL)
        return std::any_of(std::begin(kSocketCalls), std::end(kSocketCalls),
                           [calls](vdt_call inside) { return contains(calls, inside); });
    return contains(calls, call);
}

}  // namespace

CallTable make_call_table(std::span<const vdt_call> calls) {
    CallTable table{};
    const auto put = [&](std::span<const Number> numbers, uint8_t vdt_call_number::* entry) {
        for (const auto& [nr, call] : numbers) {
            if (is_wanted(call, calls))
                table.at(nr).*entry = static_cast<uint8_t>(call);
        }
    };
    put(kEverywhere, &vdt_call_number::native);
    put(kEverywhere, &vdt_call_number::compat);
    put(kNative, &vdt_call_number::native);
    put(kCompat, &vdt_call_number::compat);
    return table;
}

}  // namespace vedette::probe
