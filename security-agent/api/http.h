// SPDX-License-Identifier: Apache-2.0
//
// A request and a response as handlers see them: no socket, no library. Parsing is pure, so that tests and
// fuzzers reach all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"

namespace vedette::api {

struct Request {
    std::string method;                                     ///< "GET"
    std::string path;                                       ///< percent-decoded, without the query
    std::map<std::string, std::string, std::less<>> query;  ///< decoded; the last of equal names
    std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
    std::string body;
    std::string peer;  ///< address:port, for logs

    /// The header's value, empty when it is missing.
    std::string_view header(std::string_view name) const;
    /// `?verbose`, `?verbose=true` and `?verbose=1` are true.
    bool flag(std::string_view name) const;
};

/// A body that goes on: what is asked for more as fast as the peer reads. Lives as long as its connection wants it.
class BodyStream {
   public:
    virtual ~BodyStream() = default;
    /// io thread, once, before all else. `wake`: there may be something to take; any thread may call it, any number of
    /// times, until the stream is destroyed.
    virtual void start(std::function<void()> wake) = 0;
    /// io thread: what is to be written next, bounded; empty: nothing now.
    virtual std::string take() = 0;
    /// io thread: what a peer that has heard nothing for a while is told.
    virtual std::string heartbeat() = 0;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    bool close = false;                  ///< close the connection after it
    std::shared_ptr<BodyStream> stream;  ///< instead of `body`: until one side closes
    std::function<void()> after_write;  ///< runs on the io thread once the peer has it (or is gone)

    static Response json(std::string body) { return {200, "application/json", std::move(body)}; }
    static Response text(std::string body) {
        return {200, "text/plain; charset=utf-8", std::move(body)};
    }
    /// {"error": message}
    static Response error(int status, std::string_view message);
};

/// What the head of a request said; `content_length` bytes of body follow.
struct RequestHead {
    Request request;
    size_t content_length = 0;
    bool keep_alive = true;
};

/// `head` ends with the empty line. Stricter than the RFC asks: any Transfer-Encoding, repeated Content-Length or
/// Host, folded line, bare CR or LF, control character, target that is no plain path or is too long gives the
/// response to refuse it with.
std::variant<RequestHead, Response> parse_head(std::string_view head, size_t max_body);

/// Of an answer with a stream: its end is that of the connection.
std::string serialize_head(const Response& response);

/// The whole answer as it goes over the wire.
std::string serialize(const Response& response, bool keep_alive);

/// `a=1&b=two+words`: a query, or a form. False when it is malformed or has more than 64 names.
bool parse_form(std::string_view text, std::map<std::string, std::string, std::less<>>& out);

/// True when `host` (the Host header) names this server: `configured`, localhost or a loopback address, with or without
/// a port. Against pages in a local browser that reach us through a name of theirs (DNS rebinding).
bool host_allowed(std::string_view host, std::string_view configured);

}  // namespace vedette::api
