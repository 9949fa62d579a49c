// SPDX-License-Identifier: Apache-2.0
//
// Between the server and its connections; nobody else includes this.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "security-agent/api/http_server.h"

namespace vedette::api {

/// How long an end may take.
inline constexpr auto kHttpLinger = std::chrono::milliseconds(1000);

/// Shared with the connections that were made with it: the next may have another certificate.
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// What a connection has to make its first request before it may have to give way, however many others come.
inline constexpr auto kHttpGrace = std::chrono::milliseconds(100);

/// How far a connection has come; who has done least gives way first.
enum class Stage { kSilent, kTalking, kServed };

/// One connection.
class SessionBase {
   public:
    virtual ~SessionBase() = default;
    virtual void run() = 0;
    virtual void abort() = 0;  ///< closes at once
    virtual void drain() = 0;  ///< closes when the answer it is at is written
    Stage stage = Stage::kSilent;
    const std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
};

class HttpListener : public std::enable_shared_from_this<HttpListener> {
   public:
    HttpListener(boost::asio::io_context& context, HttpServerOptions server_options,
                 HttpHandler request_handler, Logger& log, Metrics& registry)
        : io(context),
          options(std::move(server_options)),
          handler(std::move(request_handler)),
          logger(log),
          metrics(registry),
          acceptor_(context),
          retry_(context),
          stop_timer_(context),
          workers_(options.workers) {}

    Result<> start();
    Result<> use_certificate(const ipc::Certificate& certificate);
    void stop();
    void abandon();
    void join() { workers_.join(); }
    uint16_t port() const { return port_; }

    void remove(const std::shared_ptr<SessionBase>& session) {
        sessions_.remove(session);
        if (sessions_.empty())
            stop_timer_.cancel();
        connections_gauge().Set(static_cast<double>(sessions_.size()));
    }
    /// Runs the handler on a worker, then `done` on the io thread.
    void handle(Request request, std::function<void(Response)> done);
    void count_request(int status) {
        metrics
            .counter("vedette_agent_http_requests_total", "Requests answered.",
                     {{"server", options.name}, {"code", std::to_string(status)}})
            .Increment();
    }
    void count_dropped(const char* why) {
        metrics
            .counter("vedette_agent_http_dropped_total",
                     "Connections closed by the server before their request was answered.",
                     {{"server", options.name}, {"reason", why}})
            .Increment();
    }

    boost::asio::io_context& io;
    const HttpServerOptions options;
    const HttpHandler handler;
    Logger& logger;
    Metrics& metrics;
    bool stopping = false;

   private:
    Result<> bind(const boost::asio::ip::tcp::endpoint& endpoint);
    void accept();
    void accepted(boost::asio::ip::tcp::socket socket);
    void accept_later(std::chrono::steady_clock::duration wait);
    std::shared_ptr<SessionBase> least_served() const;
    std::chrono::steady_clock::duration until_room() const;
    bool make_room();
    Gauge& connections_gauge() {
        return metrics.gauge("vedette_agent_http_connections", "Open connections.",
                             {{"server", options.name}});
    }

    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer retry_;
    boost::asio::steady_timer stop_timer_;
    TlsContext tls_;
    std::list<std::shared_ptr<SessionBase>> sessions_;  ///< oldest first
    uint16_t port_ = 0;
    boost::asio::thread_pool workers_;
};

/// `tls` null: plain.
std::shared_ptr<SessionBase> make_session(std::shared_ptr<HttpListener> server,
                                          boost::asio::ip::tcp::socket socket, TlsContext tls);

}  // namespace vedette::api
