// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/http_server.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "security-agent/api/http_listener.h"

namespace vedette::api {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

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

}  // namespace

void HttpListener::handle(Request request, std::function<void(Response)> done) {
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
    if (const auto wait = until_room(); wait.count() > 0)
        return accept_later(wait);
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
        if (self->stopping || error == asio::error::operation_aborted)
            return;
        if (!error) {
            self->accepted(std::move(socket));
            return self->accept();
        }
        // Out of descriptors or memory: the connection stays in the backlog until there is room.
        self->count_dropped("accept");
        self->accept_later(std::chrono::milliseconds(100));
    });
}

void HttpListener::accept_later(std::chrono::steady_clock::duration wait) {
    retry_.expires_after(wait);
    retry_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled && !self->stopping)
            self->accept();
    });
}

void HttpListener::accepted(tcp::socket socket) {
    if (!make_room())
        return count_dropped("full");
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto session = make_session(shared_from_this(), std::move(socket), tls_);
    sessions_.push_back(session);
    connections_gauge().Set(static_cast<double>(sessions_.size()));
    session->run();
}

/// Null: all have been served.
std::shared_ptr<SessionBase> HttpListener::least_served() const {
    const auto least =
        std::min_element(sessions_.begin(), sessions_.end(),
                         [](const auto& a, const auto& b) { return a->stage < b->stage; });
    return least == sessions_.end() || (*least)->stage == Stage::kServed ? nullptr : *least;
}

/// How long until somebody may be made to give way.
std::chrono::steady_clock::duration HttpListener::until_room() const {
    const auto least = sessions_.size() < options.limits.connections ? nullptr : least_served();
    return least ? least->since + kHttpGrace - std::chrono::steady_clock::now()
                 : std::chrono::steady_clock::duration::zero();
}

/// A flood of connections that say nothing pushes out only its own; someone who is being served stays.
bool HttpListener::make_room() {
    if (sessions_.size() < options.limits.connections)
        return true;
    const auto least = least_served();
    if (!least)
        return false;
    least->abort();
    sessions_.remove(least);
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
    stop_timer_.expires_after(kHttpLinger);
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
