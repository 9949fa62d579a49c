// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/wall_clock.h"

#include <cstdlib>
#include <ctime>
#include <utility>

namespace vedette::probe {
namespace {

/// Two clocks cannot be read at once: a smaller difference is noise of the measurement.
constexpr int64_t kNoiseNs = 1'000'000;

}  // namespace

WallClock::WallClock(OffsetSource source)
    : source_(std::move(source)), offset_ns_(source_()), previous_offset_ns_(offset_ns_) {}

uint64_t WallClock::to_wall(uint64_t boot_ns) const {
    if (boot_ns == 0)
        return 0;
    const int64_t offset = boot_ns >= valid_from_ns_ ? offset_ns_ : previous_offset_ns_;
    return boot_ns + static_cast<uint64_t>(offset);
}

bool WallClock::sync(uint64_t now_boot_ns) {
    const int64_t measured = source_();
    if (std::llabs(measured - offset_ns_) < kNoiseNs)
        return false;
    previous_offset_ns_ = std::exchange(offset_ns_, measured);
    valid_from_ns_ = now_boot_ns;
    return true;
}

uint64_t WallClock::now_boot_ns() {
    timespec now = {};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace vedette::probe
