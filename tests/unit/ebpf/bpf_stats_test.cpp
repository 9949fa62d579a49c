// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/bpf_stats.h"

#include <array>

#include "tests/unit/catch.h"

using namespace vedette::probe;

TEST_CASE("programs that always ran are no warning") {
    const std::array<ProgramRuns, 2> runs{{{"handle_fork", 10, 1000, 0}, {"handle_exec", 0, 0, 0}}};
    CHECK(explain_misses(runs).empty());
}

TEST_CASE("programs that the kernel left out are named, with how often and what it means") {
    const std::array<ProgramRuns, 3> runs{
        {{"handle_fork", 10, 1000, 3}, {"handle_exec", 5, 0, 0}, {"handle_do_filp_open", 0, 0, 1}}};
    CHECK(explain_misses(runs) ==
          "the kernel left programs out because they were running on that CPU already (handle_fork "
          "3, handle_do_filp_open 1): what they would have seen is missing, and no loss is counted "
          "for it");
}
