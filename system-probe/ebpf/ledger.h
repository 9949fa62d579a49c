// SPDX-License-Identifier: Apache-2.0
//
// What became of the records in the kernel: exact counters, and as far as it is known whose records were lost.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "bpf/abi/records.h"

namespace vedette::probe {

/// Adds the CPUs up, field by field.
vdt_counters sum_counters(std::span<const vdt_counters> cpus);

/// Records of one type that were lost for one reason.
struct LossGap {
    uint16_t type = VDT_NONE;
    uint16_t reason = 0;
    uint64_t cgroup_id = 0;
    uint64_t count = 0;
    uint64_t last_ns = 0;  ///< CLOCK_BOOTTIME, of the last of them
};

/// Finds what the slots have gained.
class GapLedger {
   public:
    /// Gained since the last call, over all CPUs.
    std::vector<LossGap> take(std::span<const vdt_gaps> cpus);

   private:
    std::vector<vdt_gaps> before_;
};

}  // namespace vedette::probe
