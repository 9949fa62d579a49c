// SPDX-License-Identifier: Apache-2.0
//
// The head of an HTTP/1 request or response in the first bytes of a connection's turn; perhaps cut. Views into the bytes
// that were parsed.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace vedette::probe {

struct HttpHead {
    static constexpr size_t kMaxHeaders = 64;

    bool is_response = false;
    std::string_view method;  ///< of a request
    std::string_view target;  ///< of a request: path and query, mostly
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    std::string_view body;  ///< what is there of it

    /// Value of the first header of that name, in any case; nullopt when there is none.
    std::optional<std::string_view> header(std::string_view name) const;
};

/// nullopt: no first line of HTTP.
std::optional<HttpHead> parse_http_head(std::string_view bytes);

}  // namespace vedette::probe
