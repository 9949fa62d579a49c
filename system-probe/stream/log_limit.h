// SPDX-License-Identifier: Apache-2.0
//
// One log line a while from a place that an attacker can reach as often as they like.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace vedette::probe {

/// One thread, one place in the code.
class LogLimit {
   public:
    explicit LogLimit(std::chrono::seconds every = std::chrono::seconds(10)) : every_(every) {}

    /// True when the line may be written; else it is counted.
    bool allow(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now()) {
        if (now < next_) {
            ++suppressed_;
            return false;
        }
        next_ = now + every_;
        reported_ = std::exchange(suppressed_, 0);
        return true;
    }
    /// " (N more like this)" about the lines that were not written, for the end of this one.
    std::string suffix() const {
        return reported_ == 0 ? std::string() : fmt::format(" ({} more like this)", reported_);
    }

   private:
    std::chrono::seconds every_;
    std::chrono::steady_clock::time_point next_ = {};
    uint64_t suppressed_ = 0;
    uint64_t reported_ = 0;
};

}  // namespace vedette::probe
