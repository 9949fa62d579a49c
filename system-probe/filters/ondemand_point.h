// SPDX-License-Identifier: Apache-2.0
//
// A kernel function or system call that a rule asks to be watched.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::v1 {
class FilterPlan;
}

namespace vedette::probe {

struct OnDemandPoint {
    std::string name;      ///< "do_unlinkat" or "syscall:unlink"
    uint32_t strings = 0;  ///< bit n: argument n + 1 is read as a string, too
    bool operator==(const OnDemandPoint&) const = default;
};

/// "unlink" of "syscall:unlink"; empty of a function.
std::string_view system_call_of(const OnDemandPoint& point);

std::vector<OnDemandPoint> read_points(const v1::FilterPlan& message);

}  // namespace vedette::probe
