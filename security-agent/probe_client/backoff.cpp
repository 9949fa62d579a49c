// SPDX-License-Identifier: Apache-2.0
#include "security-agent/probe_client/backoff.h"

#include <algorithm>

namespace vedette::probe_client {

std::chrono::milliseconds Backoff::next() {
    const auto step = step_.count();
    step_ = std::min(step_ * 2, kLast);
    return std::chrono::milliseconds(
        std::uniform_int_distribution<int64_t>(step * 3 / 4, step)(random_));
}

}  // namespace vedette::probe_client
