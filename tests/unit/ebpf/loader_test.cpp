// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/loader.h"

#include "tests/unit/catch.h"

using namespace vedette::probe;

TEST_CASE("ring sizes are powers of two of at least a page") {
    CHECK(round_ring_size(0, 4096) == 4096);
    CHECK(round_ring_size(4096, 4096) == 4096);
    CHECK(round_ring_size(4097, 4096) == 8192);
    CHECK(round_ring_size(8 << 20, 4096) == 8 << 20);
    CHECK(round_ring_size(1, 65536) == 65536);
    CHECK(round_ring_size(UINT64_MAX, 4096) == 1ULL << 30);
}

TEST_CASE("CPU numbers need not be contiguous") {
    CHECK(cpu_count_of("0\n") == 1);
    CHECK(cpu_count_of("0-1\n") == 2);
    CHECK(cpu_count_of("0-3,8-11\n") == 12);
    CHECK(cpu_count_of("0,255") == 256);
    CHECK(cpu_count_of("") == 0);
    CHECK(cpu_count_of("none") == 0);
}
