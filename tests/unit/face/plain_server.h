// SPDX-License-Identifier: Apache-2.0
//
// A server without TLS, and a client that does not have to behave.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/os/fd.h"
#include "security-agent/api/http_server.h"
#include "tests/unit/face/agent.h"

namespace vedette::test {

using namespace std::chrono_literals;
using api::HttpServer;
using api::Request;
using api::Response;

/// A plain TCP client that says exactly what it is told.
class Raw {
   public:
    explicit Raw(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
        connected_ = connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    bool connected() const { return connected_; }
    bool send(std::string_view text) const {
        return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) == ssize_t(text.size());
    }
    /// Everything until the server closes or `timeout` has passed.
    std::string receive(std::chrono::milliseconds timeout = 5s) const {
        std::string all;
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        for (;;) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                deadline - std::chrono::steady_clock::now());
            pollfd waiting{fd_.get(), POLLIN, 0};
            if (left.count() <= 0 || poll(&waiting, 1, static_cast<int>(left.count())) <= 0)
                return all;
            char chunk[4096];
            const ssize_t n = recv(fd_.get(), chunk, sizeof chunk, 0);
            if (n <= 0)
                return all;
            all.append(chunk, static_cast<size_t>(n));
        }
    }
    /// True when the server closes within `timeout`, whatever it says before.
    bool closes(std::chrono::milliseconds timeout) const {
        const auto begin = std::chrono::steady_clock::now();
        receive(timeout);
        return std::chrono::steady_clock::now() - begin < timeout;
    }
    int fd() const { return fd_.get(); }

   private:
    UniqueFd fd_;
    bool connected_ = false;
};

/// An echoing server without TLS and with small limits.
struct PlainServer {
    explicit PlainServer(
        api::HttpLimits limits = {.connections = 16,
                                  .header_bytes = 2048,
                                  .body_bytes = 1000,
                                  .requests = 3,
                                  .step = 300ms,
                                  .idle = 600ms},
        api::HttpHandler handler =
            [](const Request& request) {
                return Response::text(request.method + " " + request.path + " " + request.body);
            })
        : server(loop.io,
                 {.name = "test", .host = "127.0.0.1", .port_setting = "x", .limits = limits},
                 std::move(handler), *logger, metrics) {
        REQUIRE(server.start());
    }
    ~PlainServer() {
        loop.on_loop([this] { server.stop(); });
        loop.stop();
    }
    std::string ask(std::string_view text) {
        Raw raw(server.port());
        raw.send(text);
        return raw.receive();
    }
    double dropped(const char* reason) {
        return metrics
            .counter("vedette_agent_http_dropped_total",
                     "Connections closed by the server before their request was answered.",
                     {{"server", "test"}, {"reason", reason}})
            .Value();
    }

    std::shared_ptr<Logger> logger = make_logger({.name = "test", .console = false}).value();
    Metrics metrics;
    Loop loop;
    HttpServer server;
};

}  // namespace vedette::test
