// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/system_calls.h"

#include <sys/syscall.h>

#include <algorithm>

#include "tests/unit/catch.h"

using namespace vedette::probe;

namespace {

size_t count_set(const CallTable& table) {
    return static_cast<size_t>(
        std::count_if(table.begin(), table.end(), [](const vdt_call_number& n) {
            return n.native != VDT_CALL_NONE || n.compat != VDT_CALL_NONE;
        }));
}

}  // namespace

TEST_CASE("nothing wanted, nothing in the table") {
    CHECK(count_set(make_call_table({})) == 0);
}

TEST_CASE("a wanted call has its numbers and no other call's") {
    const vdt_call open[] = {VDT_CALL_OPEN, VDT_CALL_OPENAT, VDT_CALL_OPEN_BY_HANDLE};
    const CallTable table = make_call_table(open);
    CHECK(table[SYS_openat].native == VDT_CALL_OPENAT);
    CHECK(table[SYS_open_by_handle_at].native == VDT_CALL_OPEN_BY_HANDLE);
    CHECK(table[5].compat == VDT_CALL_OPEN);  // open through int 0x80
    CHECK(table[SYS_openat2].native == VDT_CALL_NONE);
    CHECK(table[SYS_connect].native == VDT_CALL_NONE);
}

TEST_CASE("the whole set*id families are there, in both entries") {
    const vdt_call ids[] = {VDT_CALL_SETUID, VDT_CALL_SETFSUID, VDT_CALL_SETGID, VDT_CALL_SETFSGID};
    const CallTable table = make_call_table(ids);
    for (const long nr : {SYS_setuid, SYS_setreuid, SYS_setresuid})
        CHECK(table[static_cast<size_t>(nr)].native == VDT_CALL_SETUID);
    for (const long nr : {SYS_setgid, SYS_setregid, SYS_setresgid})
        CHECK(table[static_cast<size_t>(nr)].native == VDT_CALL_SETGID);
    CHECK(table[SYS_setfsuid].native == VDT_CALL_SETFSUID);
    CHECK(table[SYS_setfsgid].native == VDT_CALL_SETFSGID);
    CHECK(table[213].compat == VDT_CALL_SETUID);
    CHECK(table[216].compat == VDT_CALL_SETFSGID);
}

#if defined(__x86_64__)
TEST_CASE("socketcall is looked at as soon as one of its calls is wanted") {
    const vdt_call bind[] = {VDT_CALL_BIND};
    const vdt_call open[] = {VDT_CALL_OPEN};
    CHECK(make_call_table(bind)[102].compat == VDT_CALL_SOCKETCALL);
    CHECK(make_call_table(open)[102].compat == VDT_CALL_NONE);
    CHECK(make_call_table(bind)[102].native == VDT_CALL_NONE);
}
#endif

TEST_CASE("every call has a number, and no number two calls") {
    for (int call = VDT_CALL_NONE + 1; call < VDT_CALL_MAX; call++) {
#if !defined(__x86_64__)
        if (call == VDT_CALL_OLD_MMAP)
            continue;
#endif
        if (call == VDT_CALL_ONDEMAND)  // any call
            continue;
        INFO(call);
        const vdt_call one[] = {call == VDT_CALL_SOCKETCALL ? VDT_CALL_CONNECT
                                                            : static_cast<vdt_call>(call)};
        CHECK(count_set(make_call_table(one)) > 0);
    }
}
