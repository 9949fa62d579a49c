// SPDX-License-Identifier: Apache-2.0
//
// Native numbers come from the C library. 32-bit numbers are the kernel's arch/x86/entry/syscalls/syscall_32.tbl and
// arch/arm64/tools/syscall_32.tbl, which never change.
#include "system-probe/ebpf/system_calls.h"

#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>

namespace vedette::probe {
namespace {

constexpr vdt_call kOpenCalls[] = {VDT_CALL_OPEN, VDT_CALL_OPENAT, VDT_CALL_OPENAT2, VDT_CALL_CREAT,
                                   VDT_CALL_OPEN_BY_HANDLE};
constexpr vdt_call kConnectCalls[] = {VDT_CALL_CONNECT, VDT_CALL_SOCKETCALL};
constexpr vdt_call kSetuidCalls[] = {VDT_CALL_SETUID, VDT_CALL_SETFSUID};
constexpr vdt_call kSetgidCalls[] = {VDT_CALL_SETGID, VDT_CALL_SETFSGID};

struct Number {
    unsigned nr;
    vdt_call call;
};

constexpr Number kNative[] = {
#ifdef SYS_open
    {SYS_open, VDT_CALL_OPEN},
    {SYS_creat, VDT_CALL_CREAT},
#endif
    {SYS_openat, VDT_CALL_OPENAT},
    {SYS_openat2, VDT_CALL_OPENAT2},
    {SYS_open_by_handle_at, VDT_CALL_OPEN_BY_HANDLE},
    {SYS_connect, VDT_CALL_CONNECT},
    {SYS_setuid, VDT_CALL_SETUID},
    {SYS_setreuid, VDT_CALL_SETUID},
    {SYS_setresuid, VDT_CALL_SETUID},
    {SYS_setfsuid, VDT_CALL_SETFSUID},
    {SYS_setgid, VDT_CALL_SETGID},
    {SYS_setregid, VDT_CALL_SETGID},
    {SYS_setresgid, VDT_CALL_SETGID},
    {SYS_setfsgid, VDT_CALL_SETFSGID},
};

/// Each id call twice: the first form takes 16-bit ids.
constexpr Number kCompat[] = {
    {5, VDT_CALL_OPEN},       {8, VDT_CALL_CREAT},
    {437, VDT_CALL_OPENAT2},  {23, VDT_CALL_SETUID},
    {213, VDT_CALL_SETUID},   {70, VDT_CALL_SETUID},
    {203, VDT_CALL_SETUID},   {164, VDT_CALL_SETUID},
    {208, VDT_CALL_SETUID},   {138, VDT_CALL_SETFSUID},
    {215, VDT_CALL_SETFSUID}, {46, VDT_CALL_SETGID},
    {214, VDT_CALL_SETGID},   {71, VDT_CALL_SETGID},
    {204, VDT_CALL_SETGID},   {170, VDT_CALL_SETGID},
    {210, VDT_CALL_SETGID},   {139, VDT_CALL_SETFSGID},
    {216, VDT_CALL_SETFSGID},
#if defined(__x86_64__)
    {295, VDT_CALL_OPENAT},   {342, VDT_CALL_OPEN_BY_HANDLE},
    {362, VDT_CALL_CONNECT},  {102, VDT_CALL_SOCKETCALL},
#elif defined(__aarch64__)
    {322, VDT_CALL_OPENAT},   {371, VDT_CALL_OPEN_BY_HANDLE},
    {283, VDT_CALL_CONNECT},
#endif
};

bool is_wanted(vdt_call call, std::span<const vdt_type> types) {
    return std::any_of(types.begin(), types.end(), [call](vdt_type type) {
        const auto calls = calls_of(type);
        return std::find(calls.begin(), calls.end(), call) != calls.end();
    });
}

}  // namespace

std::span<const vdt_call> calls_of(vdt_type type) {
    switch (type) {
        case VDT_OPEN:
            return kOpenCalls;
        case VDT_CONNECT:
            return kConnectCalls;
        case VDT_SETUID:
            return kSetuidCalls;
        case VDT_SETGID:
            return kSetgidCalls;
        default:
            return {};
    }
}

CallTable make_call_table(std::span<const vdt_type> types) {
    CallTable table{};
    for (const auto& [nr, call] : kNative) {
        if (is_wanted(call, types))
            table.at(nr).native = static_cast<uint8_t>(call);
    }
    for (const auto& [nr, call] : kCompat) {
        if (is_wanted(call, types))
            table.at(nr).compat = static_cast<uint8_t>(call);
    }
    return table;
}

}  // namespace vedette::probe
