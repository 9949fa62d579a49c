// SPDX-License-Identifier: Apache-2.0
//
// Who may use the API: whoever holds the session token.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>

#include "common/ipc/token.h"
#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/api/http.h"

namespace vedette::api {

/// Thread-safe. Attacker: any local process may try. A token of 256 bits is not guessed; what is limited is what
/// trying costs us: each failure ends its connection, and past the budget (10, then one a second) failures are neither
/// told apart nor logged one by one. A right token always passes.
class Authenticator {
   public:
    using Clock = std::function<std::chrono::steady_clock::time_point()>;

    Authenticator(const ipc::Token& token, Logger& logger, Metrics& metrics,
                  Clock clock = &std::chrono::steady_clock::now);

    /// The answer to refuse the request with, or nothing.
    std::optional<Response> check(const Request& request);

   private:
    Response refuse(const Request& request, Response response);

    const ipc::Token& token_;
    Logger& logger_;
    Counter& failures_;
    Clock clock_;
    std::mutex mutex_;
    double budget_;
    std::chrono::steady_clock::time_point refilled_;
    uint64_t unlogged_ = 0;
};

}  // namespace vedette::api
