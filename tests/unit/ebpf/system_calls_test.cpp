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

TEST_CASE("a wanted type has its calls and no other type's") {
    const vdt_type open[] = {VDT_OPEN};
    const CallTable table = make_call_table(open);
    CHECK(table[SYS_openat].native == VDT_CALL_OPENAT);
    CHECK(table[SYS_openat2].native == VDT_CALL_OPENAT2);
    CHECK(table[SYS_open_by_handle_at].native == VDT_CALL_OPEN_BY_HANDLE);
    CHECK(table[5].compat == VDT_CALL_OPEN);  // open through int 0x80
    CHECK(table[SYS_connect].native == VDT_CALL_NONE);
    CHECK(table[SYS_setuid].native == VDT_CALL_NONE);
}

TEST_CASE("the whole set*id families are there, in both entries") {
    const vdt_type ids[] = {VDT_SETUID, VDT_SETGID};
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

TEST_CASE("a call belongs to one type") {
    std::vector<vdt_call> seen;
    for (int type = 0; type < VDT_TYPE_MAX; type++) {
        for (const vdt_call call : calls_of(static_cast<vdt_type>(type))) {
            CHECK(std::find(seen.begin(), seen.end(), call) == seen.end());
            seen.push_back(call);
        }
    }
    CHECK(seen.size() == VDT_CALL_MAX - 1);
}
