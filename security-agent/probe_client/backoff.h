// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <random>

namespace vedette::probe_client {

/// Waiting times between attempts: 0.2 s, doubling up to 5 s, each up to a quarter shorter at random so that agents
/// do not move in step.
class Backoff {
   public:
    explicit Backoff(unsigned seed) : random_(seed) {}

    std::chrono::milliseconds next();
    void reset() { step_ = kFirst; }

   private:
    static constexpr std::chrono::milliseconds kFirst{200};
    static constexpr std::chrono::milliseconds kLast{5000};
    std::chrono::milliseconds step_ = kFirst;
    std::minstd_rand random_;
};

}  // namespace vedette::probe_client
