// SPDX-License-Identifier: Apache-2.0
//
// One HTTP request to a server on a unix socket, with a bound on everything. A connection of its own for each: what
// one answer got wrong cannot reach the next.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "common/result.h"

namespace vedette::probe {

struct HttpLimits {
    std::chrono::milliseconds patience{2000};  ///< for the whole exchange
    size_t max_body = 4u << 20;
};

struct HttpAnswer {
    unsigned status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

/// GET `target` from whoever serves the socket (connect.h). Errors: its; kUnavailable (too slow); kLimit (head or body too
/// large); kInvalid (that is no HTTP).
Result<HttpAnswer> http_get(const std::string& socket, const std::string& target,
                            const HttpLimits& limits = {});

}  // namespace vedette::probe
