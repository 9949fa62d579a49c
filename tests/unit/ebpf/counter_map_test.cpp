// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/counter_map.h"

#include <array>

#include "tests/unit/catch.h"

using vedette::probe::sum_counters;

TEST_CASE("counters of all CPUs are added field by field") {
    std::array<vdt_counters, 3> cpus{};
    cpus[0].seen[VDT_OPEN] = 5;
    cpus[2].seen[VDT_OPEN] = 7;
    cpus[1].lost[VDT_TYPE_MAX - 1][VDT_LOSS_MAX - 1] = 11;
    cpus[2].miss[VDT_MISS_MAX - 1] = 13;
    const vdt_counters sum = sum_counters(cpus);
    CHECK(sum.seen[VDT_OPEN] == 12);
    CHECK(sum.lost[VDT_TYPE_MAX - 1][VDT_LOSS_MAX - 1] == 11);
    CHECK(sum.miss[VDT_MISS_MAX - 1] == 13);
    CHECK(sum.sent[VDT_OPEN] == 0);
}
