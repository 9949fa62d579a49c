// SPDX-License-Identifier: Apache-2.0
//
// How long to rest between two reads: the more records there are, the longer, so that many of them share the wake-ups that
// a read and a batch take; the fewer, the sooner each is an alert.
#pragma once

#include <chrono>
#include <cstddef>

namespace vedette::probe {

class Pace {
   public:
    using Clock = std::chrono::steady_clock;

    /// At most this, whatever the rate.
    static constexpr std::chrono::microseconds kLongest{8000};

    /// A read ended at `now` and brought so many records.
    void read(size_t records, Clock::time_point now);
    /// How much of the rest after the last read is left; 0: read at once.
    std::chrono::microseconds left(Clock::time_point now) const;

   private:
    double recent_ = 0;  ///< records of the last kWindow or so
    size_t last_ = 0;
    Clock::time_point read_at_ = {};
};

}  // namespace vedette::probe
