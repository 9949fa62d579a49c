// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/http_server.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <list>
#include <optional>

namespace vedette::api {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;

constexpr auto kLinger = std::chrono::milliseconds(1000);
constexpr size_t kMaxDrained = 1 << 20;

using TlsContext = std::shared_ptr<asio::ssl::context>;

Result<TlsContext> tls_context(const ipc::Certificate& certificate) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                    SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(native, 0);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");  // of TLS 1.2
    error_code error;
    context->use_certificate_chain(asio::buffer(certificate.certificate_pem), error);
    if (!error)
        context->use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem, error);
    if (error)
        return fail(ErrorCode::kInvalid, "certificate of the API: {}", error.message());
    return context;
}

/// How far a connection has come; who has done least gives way first.
enum class Stage { kSilent, kTalking, kServed };

class SessionBase {
   public:
    virtual ~SessionBase() = default;
    virtual void run() = 0;
    virtual void abort() = 0;  ///< closes at once
    virtual void drain() = 0;  ///< closes when the answer it is at is written
    Stage stage = Stage::kSilent;
};

}  // namespace

class HttpListener : public std::enable_shared_from_this<HttpListener> {
   public:
    HttpListener(asio::io_context& context, HttpServerOptions server_options,
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
    template <typename Done>
    void handle(Request request, Done done);
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

    asio::io_context& io;
    const HttpServerOptions options;
    const HttpHandler handler;
    Logger& logger;
    Metrics& metrics;
    bool stopping = false;

   private:
    Result<> bind(const tcp::endpoint& endpoint);
    void accept();
    void accepted(tcp::socket socket);
    bool make_room();
    Gauge& connections_gauge() {
        return metrics.gauge("vedette_agent_http_connections", "Open connections.",
                             {{"server", options.name}});
    }

    tcp::acceptor acceptor_;
    asio::steady_timer retry_;
    asio::steady_timer stop_timer_;
    TlsContext tls_;
    std::list<std::shared_ptr<SessionBase>> sessions_;  ///< oldest first
    uint16_t port_ = 0;
    asio::thread_pool workers_;
};

namespace {

/// One connection: wait for a byte, handshake, then requests one after the other. Every wait has a deadline.
template <typename Stream>
class Session final : public SessionBase, public std::enable_shared_from_this<Session<Stream>> {
   public:
    static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

    Session(std::shared_ptr<HttpListener> server, tcp::socket socket, TlsContext tls)
        : server_(std::move(server)),
          socket_(std::move(socket)),
          tls_(std::move(tls)),
          timer_(server_->io) {}

    void run() override {
        error_code ignored;
        const auto remote = socket_.remote_endpoint(ignored);
        peer_ = fmt::format("{}:{}", remote.address().to_string(), remote.port());
        deadline(limits().step);
        // Until it speaks, a connection costs a descriptor and nothing else.
        socket_.async_wait(tcp::socket::wait_read,
                           [self = this->shared_from_this()](error_code error) {
                               if (error)
                                   return self->finish();
                               self->stage = Stage::kTalking;
                               self->handshake();
                           });
    }

    void abort() override {
        closed_ = true;
        timer_.cancel();
        error_code ignored;
        transport().close(ignored);
    }

    void drain() override {
        last_ = true;
        if (waiting_)
            abort();
    }

   private:
    const HttpLimits& limits() const { return server_->options.limits; }
    tcp::socket& transport() {
        if constexpr (kTls)
            if (stream_)
                return stream_->next_layer();
        return socket_;
    }
    auto& stream() {
        if constexpr (kTls)
            return *stream_;
        else
            return socket_;
    }

    void deadline(std::chrono::milliseconds timeout) {
        timer_.expires_after(timeout);
        timer_.async_wait([weak = this->weak_from_this()](error_code error) {
            const auto self = weak.lock();
            if (error || !self || self->closed_)
                return;
            if (self->timer_.expiry() > std::chrono::steady_clock::now())
                return;  // set anew
            self->server_->count_dropped("timeout");
            self->abort();
        });
    }

    void finish() {
        abort();
        server_->remove(this->shared_from_this());
    }

    void handshake() {
        if constexpr (kTls) {
            stream_.emplace(std::move(socket_), *tls_);
            stream_->async_handshake(asio::ssl::stream_base::server,
                                     [self = this->shared_from_this()](error_code error) {
                                         if (!error)
                                             return self->read_head();
                                         if (!self->closed_)
                                             self->server_->count_dropped("tls");
                                         self->finish();
                                     });
        } else {
            read_head();
        }
    }

    /// Waits for the first byte as long as a client may idle, then for the whole request as long as one step may take.
    void next_request() {
        if (!input_.empty())
            return read_head();
        waiting_ = true;
        deadline(limits().idle);
        first_bytes_.resize(1024);
        stream().async_read_some(asio::buffer(first_bytes_),
                                 [self = this->shared_from_this()](error_code error, size_t size) {
                                     self->waiting_ = false;
                                     if (error)
                                         return self->finish();
                                     self->input_.assign(self->first_bytes_, 0, size);
                                     self->read_head();
                                 });
    }

    void read_head() {
        deadline(limits().step);
        asio::async_read_until(stream(), asio::dynamic_buffer(input_, limits().header_bytes),
                               "\r\n\r\n",
                               [self = this->shared_from_this()](error_code error, size_t size) {
                                   self->on_head(error, size);
                               });
    }

    void on_head(error_code error, size_t size) {
        if (error == asio::error::not_found) {
            auto refused = Response::error(
                431,
                fmt::format("the request's head may have at most {} bytes", limits().header_bytes));
            refused.close = true;
            return respond(std::move(refused));
        }
        if (error)
            return finish();
        auto parsed = parse_head(std::string_view(input_).substr(0, size), limits().body_bytes);
        input_.erase(0, size);
        if (auto* refused = std::get_if<Response>(&parsed))
            return respond(std::move(*refused));

        auto& head = std::get<RequestHead>(parsed);
        request_ = std::move(head.request);
        request_.peer = peer_;
        if (!head.keep_alive || ++requests_ >= limits().requests)
            last_ = true;
        const size_t have = std::min(input_.size(), head.content_length);
        request_.body = input_.substr(0, have);
        input_.erase(0, have);
        read_body(head.content_length);
    }

    void read_body(size_t length) {
        const size_t have = request_.body.size();
        if (have == length)
            return dispatch();
        request_.body.resize(length);
        asio::async_read(stream(), asio::buffer(request_.body.data() + have, length - have),
                         [self = this->shared_from_this()](error_code error, size_t) {
                             if (error)
                                 return self->finish();
                             self->dispatch();
                         });
    }

    void dispatch() {
        timer_.cancel();  // ours to answer now
        server_->handle(std::move(request_), [self = this->shared_from_this()](Response response) {
            self->respond(std::move(response));
        });
    }

    void respond(Response response) {
        if (closed_) {
            if (response.after_write)
                response.after_write();
            return finish();
        }
        if (response.status < 400)
            stage = Stage::kServed;
        if (response.close || server_->stopping)
            last_ = true;
        server_->count_request(response.status);
        output_ = serialize(response, !last_);
        deadline(limits().step);
        asio::async_write(stream(), asio::buffer(output_),
                          [self = this->shared_from_this(),
                           after = std::move(response.after_write)](error_code error, size_t) {
                              if (after)
                                  after();
                              if (error)
                                  return self->finish();
                              if (self->last_)
                                  return self->say_goodbye();
                              self->next_request();
                          });
    }

    /// A close with unread input would reset the connection, and the peer might lose the answer.
    void say_goodbye() {
        deadline(kLinger);
        if constexpr (kTls) {
            stream_->async_shutdown(
                [self = this->shared_from_this()](error_code) { self->drain_input(); });
        } else {
            drain_input();
        }
    }

    void drain_input() {
        error_code ignored;
        transport().shutdown(tcp::socket::shutdown_send, ignored);
        discard();
    }

    void discard() {
        first_bytes_.resize(16 << 10);
        transport().async_read_some(asio::buffer(first_bytes_), [self = this->shared_from_this()](
                                                                    error_code error, size_t size) {
            self->drained_ += size;
            if (error || self->drained_ > kMaxDrained)
                return self->finish();
            self->discard();
        });
    }

    std::shared_ptr<HttpListener> server_;
    tcp::socket socket_;  ///< moved into stream_ when TLS begins
    TlsContext tls_;
    std::optional<TlsStream> stream_;
    asio::steady_timer timer_;
    std::string peer_;
    std::string input_;
    std::string first_bytes_;
    std::string output_;
    Request request_;
    size_t requests_ = 0;
    size_t drained_ = 0;
    bool waiting_ = false;  ///< between requests
    bool last_ = false;     ///< close after this answer
    bool closed_ = false;
};

}  // namespace

template <typename Done>
void HttpListener::handle(Request request, Done done) {
    asio::post(workers_, [self = shared_from_this(), request = std::move(request),
                          done = std::move(done)]() mutable {
        Response response;
        try {
            response = self->handler(request);
        } catch (const std::exception& error) {
            self->logger.error("{} {}: {}", request.method, request.path, error.what());
            response = Response::error(500, "internal error, see the agent's log");
        }
        asio::post(self->io, [done = std::move(done), response = std::move(response)]() mutable {
            done(std::move(response));
        });
    });
}

Result<> HttpListener::start() {
    if (options.certificate)
        if (auto used = use_certificate(*options.certificate); !used)
            return used;
    error_code error;
    tcp::resolver resolver(io);
    const auto found =
        resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
    if (error)
        return fail(ErrorCode::kInvalid, "{}: cannot listen on '{}': {}", options.name,
                    options.host, error.message());
    Result<> bound =
        fail(ErrorCode::kInvalid, "{}: '{}' has no address", options.name, options.host);
    for (const auto& entry : found)
        if (bound = bind(entry.endpoint()); bound)
            break;
    if (!bound)
        return bound;
    accept();
    return {};
}

Result<> HttpListener::use_certificate(const ipc::Certificate& certificate) {
    auto context = tls_context(certificate);
    if (!context)
        return forward_error(context);
    tls_ = std::move(*context);
    return {};
}

Result<> HttpListener::bind(const tcp::endpoint& endpoint) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error)
        acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error)
        acceptor_.bind(endpoint, error);
    if (!error)
        acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) {
        port_ = acceptor_.local_endpoint(error).port();
        return {};
    }
    error_code ignored;
    acceptor_.close(ignored);
    const std::string where = fmt::format("{}:{}", options.host, options.port);
    if (error == asio::error::address_in_use)
        return fail(
            ErrorCode::kExists,
            "{}: cannot listen on {}: something else does (ss -ltnp 'sport = :{}' names it; {} "
            "chooses another port)",
            options.name, where, options.port, options.port_setting);
    return fail_errno(error.value(), "{}: cannot listen on {}", options.name, where);
}

void HttpListener::accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
        if (self->stopping || error == asio::error::operation_aborted)
            return;
        if (!error) {
            self->accepted(std::move(socket));
            return self->accept();
        }
        // Out of descriptors or memory: the connection stays in the backlog until there is room.
        self->count_dropped("accept");
        self->retry_.expires_after(std::chrono::milliseconds(100));
        self->retry_.async_wait([self](error_code cancelled) {
            if (!cancelled && !self->stopping)
                self->accept();
        });
    });
}

void HttpListener::accepted(tcp::socket socket) {
    if (!make_room())
        return count_dropped("full");
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    std::shared_ptr<SessionBase> session;
    if (tls_)
        session = std::make_shared<Session<TlsStream>>(shared_from_this(), std::move(socket), tls_);
    else
        session =
            std::make_shared<Session<tcp::socket>>(shared_from_this(), std::move(socket), nullptr);
    sessions_.push_back(session);
    connections_gauge().Set(static_cast<double>(sessions_.size()));
    session->run();
}

/// A flood of connections that say nothing pushes out only its own; someone who is being served stays.
bool HttpListener::make_room() {
    if (sessions_.size() < options.limits.connections)
        return true;
    const auto least =
        std::min_element(sessions_.begin(), sessions_.end(),
                         [](const auto& a, const auto& b) { return a->stage < b->stage; });
    if (least == sessions_.end() || (*least)->stage == Stage::kServed)
        return false;
    (*least)->abort();
    sessions_.erase(least);
    count_dropped("evicted");
    return true;
}

void HttpListener::stop() {
    if (stopping)
        return;
    stopping = true;
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
    for (const auto& session : std::list(sessions_))
        session->drain();
    if (sessions_.empty())
        return;
    stop_timer_.expires_after(kLinger);
    stop_timer_.async_wait([weak = weak_from_this()](error_code error) {
        const auto self = weak.lock();
        if (!error && self)
            self->abandon();
    });
}

void HttpListener::abandon() {
    stop_timer_.cancel();
    for (const auto& session : std::exchange(sessions_, {}))
        session->abort();
}

HttpServer::HttpServer(asio::io_context& io, HttpServerOptions options, HttpHandler handler,
                       Logger& logger, Metrics& metrics)
    : impl_(std::make_shared<HttpListener>(io, std::move(options), std::move(handler), logger,
                                           metrics)) {}

HttpServer::~HttpServer() {
    impl_->stop();
    impl_->abandon();
    impl_->join();
}

Result<> HttpServer::start() {
    return impl_->start();
}
void HttpServer::stop() {
    impl_->stop();
}
Result<> HttpServer::use_certificate(const ipc::Certificate& certificate) {
    return impl_->use_certificate(certificate);
}
uint16_t HttpServer::port() const {
    return impl_->port();
}

}  // namespace vedette::api
