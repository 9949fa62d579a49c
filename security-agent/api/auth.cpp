// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/auth.h"

#include <algorithm>

namespace vedette::api {
namespace {

constexpr double kBudget = 10;
constexpr double kPerSecond = 1;

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

Response unauthorized(std::string_view message) {
    auto response = Response::error(401, message);
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"Vedette agent\"");
    return response;
}

}  // namespace

Authenticator::Authenticator(const ipc::Token& token, Logger& logger, Metrics& metrics, Clock clock)
    : token_(token),
      logger_(logger),
      failures_(metrics.counter("vedette_agent_api_auth_failures_total",
                                "Requests refused for want of the session token.")),
      clock_(std::move(clock)),
      budget_(kBudget),
      refilled_(clock_()) {}

std::optional<Response> Authenticator::check(const Request& request) {
    const std::string_view header = request.header("authorization");
    if (header.empty())
        return refuse(request, unauthorized("no session token provided"));
    const size_t blank = std::min(header.find(' '), header.size());
    const std::string_view scheme = header.substr(0, blank);
    if (!equals_ignoring_case(scheme, "Bearer")) {
        // Without a blank the scheme may be the token itself: it is not repeated.
        const bool nameable = blank != header.size() && scheme.size() <= 16;
        return refuse(request, unauthorized(fmt::format("unsupported authorization scheme: {}",
                                                        nameable ? scheme : "?")));
    }
    const std::string_view guess = header.substr(std::min(blank + 1, header.size()));
    if (token_.matches(guess))
        return std::nullopt;
    return refuse(request, Response::error(403, "invalid session token"));
}

Response Authenticator::refuse(const Request& request, Response response) {
    failures_.Increment();
    const std::lock_guard lock(mutex_);
    const auto now = clock_();
    const double seconds = std::chrono::duration<double>(now - refilled_).count();
    budget_ = std::min(kBudget, budget_ + seconds * kPerSecond);
    refilled_ = now;
    if (budget_ >= 1) {
        budget_ -= 1;
        logger_.warn("api: {} {} from {} refused with {}{}", request.method, request.path,
                     request.peer, response.status,
                     unlogged_ == 0 ? "" : fmt::format(" ({} more were not logged)", unlogged_));
        unlogged_ = 0;
    } else {
        ++unlogged_;
        response = Response::error(429, "too many requests without the session token");
        response.headers.emplace_back("Retry-After", "1");
    }
    response.close = true;
    return response;
}

}  // namespace vedette::api
