// SPDX-License-Identifier: Apache-2.0
//
// Record times (CLOCK_BOOTTIME) become nanoseconds since 1970. Both clocks run at the same NTP-disciplined rate, so
// that the offset changes only when somebody sets the clock; it is measured every second. A step holds for the records
// that come after it. The order of events is that of their sequence numbers, whatever the clock does.
#pragma once

#include <cstdint>
#include <functional>

namespace vedette::probe {

/// Pipeline thread.
class WallClock {
   public:
    /// Wall time at which the boot clock was zero; a test or a recording brings its own.
    using OffsetSource = std::function<int64_t()>;

    explicit WallClock(OffsetSource source);

    /// 0 stays 0: "unknown".
    uint64_t to_wall(uint64_t boot_ns) const;
    /// Measures again, at `now_boot_ns`: records from before keep the old offset. True when the clock has been set.
    bool sync(uint64_t now_boot_ns);

    static uint64_t now_boot_ns();

   private:
    OffsetSource source_;
    int64_t offset_ns_;
    int64_t previous_offset_ns_;
    uint64_t valid_from_ns_ =
        0;  ///< boot time from which offset_ns_ holds; earlier: previous_offset_ns_
};

}  // namespace vedette::probe
