// SPDX-License-Identifier: Apache-2.0
//
// An HTTP/1.1 server small enough to be sure of: one listener, plain or TLS, with a bound on everything a
// peer controls. Knows no route. The API and the telemetry server are two handlers on two of these.
//
// The peer may be any local process, and does not keep to the protocol: it connects a thousand times and says nothing,
// sends a byte a second, or a request that two parsers would read differently. What is not plainly well-formed
// is refused and the connection closed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/ipc/certificate.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/result.h"
#include "security-agent/api/http.h"

namespace boost::asio {
class io_context;
}

namespace vedette::api {

struct HttpLimits {
    size_t connections = 512;        ///< beyond: the oldest of those that have done least gives way
    size_t header_bytes = 16 << 10;  ///< request line and fields
    size_t body_bytes = 64 << 10;
    size_t requests = 100;                        ///< per connection
    std::chrono::milliseconds step{5'000};        ///< handshake; a whole request; writing an answer
    std::chrono::milliseconds idle{15'000};       ///< between requests
    std::chrono::milliseconds heartbeat{15'000};  ///< of a stream that has nothing to say
};

struct HttpServerOptions {
    std::string name;  ///< "api": in logs and metrics
    std::string
        host;  ///< name or address; a name may have several addresses, the first that can be bound is taken
    uint16_t port = 0;                            ///< 0: any free one
    std::string port_setting;                     ///< for the error when the port is in use
    std::optional<ipc::Certificate> certificate;  ///< TLS when set
    HttpLimits limits;
    unsigned workers = 2;  ///< threads that run the handler
};

/// Runs on a worker thread, several at once; may block for a while. Must not throw.
using HttpHandler = std::function<Response(const Request&)>;

class HttpListener;

/// Sockets live on the thread that runs `io`; start and stop are called from there or before it runs; when the
/// server goes, nobody runs it any more.
class HttpServer {
   public:
    HttpServer(boost::asio::io_context& io, HttpServerOptions options, HttpHandler handler,
               Logger& logger, Metrics& metrics);
    /// Stops; waits for handlers that are running.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Errors: kExists when the port is in use (says how to find by whom), kDenied, kInvalid certificate.
    Result<> start();
    /// No new connection; open ones are closed once the answer they are at is written or a second has passed.
    void stop();
    /// For connections from now on; open ones keep theirs. Errors: kInvalid, and nothing changes.
    Result<> use_certificate(const ipc::Certificate& certificate);
    uint16_t port() const;  ///< after start

   private:
    std::shared_ptr<HttpListener> impl_;
};

}  // namespace vedette::api
