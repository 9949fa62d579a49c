// SPDX-License-Identifier: Apache-2.0
//
// One request to a running agent: TLS to a server that shows exactly the pinned certificate, bounded in time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace vedette::api {

struct ClientOptions {
    std::string host;
    uint16_t port = 0;
    std::string token;
    std::string certificate_pem;  ///< the only certificate that is trusted
    std::chrono::milliseconds timeout{30'000};
};

struct ClientResponse {
    int status = 0;
    std::string content_type;
    std::string body;
};

/// `body` is sent as a form when it is not empty. Errors: kUnavailable when nothing listens or nothing answers in time,
/// kDenied when the server shows another certificate, kIo. An answer of any status is no error.
Result<ClientResponse> request(const ClientOptions& options, const std::string& method,
                               const std::string& target, const std::string& body = {});

/// GET of an answer that goes on (server-sent events). `data` gets it piece by piece while it returns true. Returns when
/// the server ends it, or with an answer of another status than 200, whole. Errors: as request(), also in the middle;
/// `timeout` is how long the server may be silent.
Result<ClientResponse> read_stream(const ClientOptions& options, const std::string& target,
                                   const std::string& last_event_id,
                                   const std::function<bool(std::string_view)>& data);

/// For a path segment or a form value.
std::string percent_encode(std::string_view text);

}  // namespace vedette::api
