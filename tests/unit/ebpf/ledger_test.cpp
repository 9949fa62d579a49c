// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/ledger.h"

#include <array>

#include "tests/unit/catch.h"

using namespace vedette::probe;

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

TEST_CASE("gaps are what the slots gained since the last look, over all CPUs") {
    GapLedger ledger;
    std::array<vdt_gaps, 2> cpus{};
    CHECK(ledger.take(cpus).empty());
    cpus[0].slot[3] = {.cgroup_id = 77,
                       .type = VDT_OPEN,
                       .reason = VDT_LOSS_BUDGET,
                       .pad = 0,
                       .count = 5,
                       .last_ns = 100};
    cpus[1].slot[9] = cpus[0].slot[3];
    cpus[1].slot[9].count = 2;
    cpus[1].slot[9].last_ns = 200;
    auto gaps = ledger.take(cpus);
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].type == VDT_OPEN);
    CHECK(gaps[0].reason == VDT_LOSS_BUDGET);
    CHECK(gaps[0].cgroup_id == 77);
    CHECK(gaps[0].count == 7);
    CHECK(gaps[0].last_ns == 200);
    CHECK(ledger.take(cpus).empty());

    cpus[0].slot[3].count = 6;
    gaps = ledger.take(cpus);
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].count == 1);
}

TEST_CASE("a slot that was given to another key begins at nothing") {
    GapLedger ledger;
    std::array<vdt_gaps, 1> cpus{};
    cpus[0].slot[0] = {.cgroup_id = 1,
                       .type = VDT_OPEN,
                       .reason = VDT_LOSS_RING_FULL,
                       .pad = 0,
                       .count = 50,
                       .last_ns = 1};
    REQUIRE(ledger.take(cpus).size() == 1);
    cpus[0].slot[0].cgroup_id = 2;
    cpus[0].slot[0].count = 60;
    const auto gaps = ledger.take(cpus);
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].cgroup_id == 2);
    CHECK(gaps[0].count == 60);
}

TEST_CASE("a slot with nonsense in it is left out") {
    GapLedger ledger;
    std::array<vdt_gaps, 1> cpus{};
    cpus[0].slot[0] = {
        .cgroup_id = 1, .type = VDT_TYPE_MAX, .reason = 0, .pad = 0, .count = 50, .last_ns = 1};
    CHECK(ledger.take(cpus).empty());
}
