// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/pace.h"

#include <algorithm>

namespace vedette::probe {
namespace {

using std::chrono::microseconds;

constexpr std::chrono::duration<double> kWindow = std::chrono::milliseconds(50);

/// Times the square of the recent records: 1.5 ms at 1,000 a second, where a rest hardly pays; the longest from 2,300 on.
constexpr double kMicroseconds = 0.6;

/// Falling asleep and waking up takes as long.
constexpr microseconds kShortest{100};

/// Who finds more than this has no time to rest.
constexpr size_t kManyRecords = 1024;

}  // namespace

void Pace::read(size_t records, Clock::time_point now) {
    const std::chrono::duration<double> passed = now - read_at_;
    recent_ *= std::max(0.0, 1 - passed / kWindow);
    recent_ += static_cast<double>(records);
    last_ = records;
    read_at_ = now;
}

microseconds Pace::left(Clock::time_point now) const {
    const double wanted = std::min(kMicroseconds * recent_ * recent_, 1e6);
    const auto whole = std::min(kLongest, microseconds(static_cast<int64_t>(wanted)));
    if (last_ >= kManyRecords || whole < kShortest)
        return microseconds(0);
    return std::max(microseconds(0),
                    std::chrono::duration_cast<microseconds>(read_at_ + whole - now));
}

}  // namespace vedette::probe
