// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/client.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <memory>

#include "common/version.h"

namespace vedette::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;

constexpr size_t kMaxAnswer = 64 << 20;
constexpr size_t kPiece = 64 << 10;

struct X509Deleter {
    void operator()(X509* cert) const { X509_free(cert); }
};
using X509Ptr = std::unique_ptr<X509, X509Deleter>;

X509Ptr read_certificate(const std::string& pem) {
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509Ptr cert(bio ? PEM_read_bio_X509(bio, nullptr, nullptr, nullptr) : nullptr);
    BIO_free(bio);
    return cert;
}

/// A server that listens everywhere is reached on loopback.
std::string reachable(const std::string& host) {
    if (host == "0.0.0.0")
        return "127.0.0.1";
    return host == "::" ? "::1" : host;
}

/// One connection; each step runs the loop until it is done or out of time.
class Connection {
   public:
    explicit Connection(const ClientOptions& options)
        : options_(options),
          host_(reachable(options.host)),
          where_(host_.find(':') == std::string::npos
                     ? fmt::format("{}:{}", host_, options.port)
                     : fmt::format("[{}]:{}", host_, options.port)),
          context_(asio::ssl::context::tls_client) {}

    Result<> open() {
        const X509Ptr pinned = read_certificate(options_.certificate_pem);
        if (!pinned)
            return fail(ErrorCode::kInvalid, "the pinned certificate is unreadable");
        SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_2_VERSION);
        error_code error;
        context_.add_certificate_authority(asio::buffer(options_.certificate_pem), error);
        if (error)
            return fail(ErrorCode::kInvalid, "the pinned certificate: {}", error.message());
        context_.set_verify_mode(asio::ssl::verify_peer);
        context_.set_verify_callback([&](bool valid, asio::ssl::verify_context& verify) {
            const X509* shown = X509_STORE_CTX_get_current_cert(verify.native_handle());
            return valid && shown && X509_cmp(shown, pinned.get()) == 0;
        });
        stream_ = std::make_unique<Stream>(io_, context_);

        tcp::resolver resolver(io_);
        const auto endpoints = resolver.resolve(host_, std::to_string(options_.port), error);
        if (error)
            return fail(ErrorCode::kUnavailable, "cannot find '{}': {}", host_, error.message());
        error = run([&](auto done) {
            lowest().async_connect(endpoints,
                                   [done](error_code result, const auto&) { done(result); });
        });
        if (error == asio::error::connection_refused)
            return fail(ErrorCode::kUnavailable, "the agent is not running: nothing listens on {}",
                        where_);
        if (error)
            return failed(error, "connecting to");
        error =
            run([&](auto done) { stream_->async_handshake(asio::ssl::stream_base::client, done); });
        if (error.category() == asio::error::get_ssl_category())
            return fail(
                ErrorCode::kDenied,
                "{} shows another certificate than ipc_cert.pem: is it another agent's, or was "
                "the file replaced since the agent started?",
                where_);
        if (error)
            return failed(error, "TLS with");
        return {};
    }

    Result<ClientResponse> exchange(const std::string& method, const std::string& target,
                                    const std::string& body) {
        http::request<http::string_body> request = head(method, target);
        if (!body.empty()) {
            request.set(http::field::content_type, "application/x-www-form-urlencoded");
            request.body() = body;
        }
        if (!body.empty() || method == "POST")
            request.prepare_payload();
        if (auto sent = send(request); !sent)
            return forward_error(sent);
        http::response_parser<http::string_body> parser;
        parser.body_limit(kMaxAnswer);
        beast::flat_buffer buffer;
        const error_code error = run([&](auto done) {
            http::async_read(*stream_, buffer, parser,
                             [done](error_code result, size_t) { done(result); });
        });
        if (error)
            return failed(error, "the answer of");
        auto message = parser.release();
        return ClientResponse{static_cast<int>(message.result_int()),
                              std::string(message[http::field::content_type]),
                              std::move(message.body())};
    }

    Result<ClientResponse> follow(const std::string& target, const std::string& last_event_id,
                                  const std::function<bool(std::string_view)>& data) {
        auto request = head("GET", target);
        request.set(http::field::accept, "text/event-stream");
        if (!last_event_id.empty())
            request.set("Last-Event-ID", last_event_id);
        if (auto sent = send(request); !sent)
            return forward_error(sent);
        http::response_parser<http::buffer_body> parser;
        parser.body_limit(boost::none);
        beast::flat_buffer buffer;
        error_code error = run([&](auto done) {
            http::async_read_header(*stream_, buffer, parser,
                                    [done](error_code result, size_t) { done(result); });
        });
        if (error)
            return failed(error, "the answer of");
        ClientResponse answer{static_cast<int>(parser.get().result_int()),
                              std::string(parser.get()[http::field::content_type]),
                              {}};
        std::string piece(kPiece, '\0');
        while (!parser.is_done()) {
            parser.get().body().data = piece.data();
            parser.get().body().size = piece.size();
            error = run([&](auto done) {
                http::async_read_some(*stream_, buffer, parser,
                                      [done](error_code result, size_t) { done(result); });
            });
            if (error && error != http::error::need_buffer)
                return failed(error, "the answer of");
            const std::string_view got(piece.data(), piece.size() - parser.get().body().size);
            if (answer.status != 200 && answer.body.size() < kMaxAnswer)
                answer.body += got;
            else if (!data(got))
                break;
        }
        return answer;
    }

   private:
    http::request<http::string_body> head(const std::string& method,
                                          const std::string& target) const {
        http::request<http::string_body> request;
        request.method_string(method);
        request.target(target);
        request.version(11);
        request.set(http::field::host, where_);
        request.set(http::field::user_agent, fmt::format("vedette/{}", version().text));
        request.set(http::field::authorization, "Bearer " + options_.token);
        request.set(http::field::connection, "close");
        return request;
    }

    Result<> send(const http::request<http::string_body>& request) {
        const error_code error = run([&](auto done) {
            http::async_write(*stream_, request,
                              [done](error_code result, size_t) { done(result); });
        });
        if (error)
            return failed(error, "asking");
        return {};
    }

    beast::tcp_stream& lowest() { return beast::get_lowest_layer(*stream_); }

    template <typename Start>
    error_code run(Start start) {
        error_code result = asio::error::would_block;
        lowest().expires_after(options_.timeout);
        start([&result](error_code error) { result = error; });
        io_.restart();
        io_.run();
        return result;
    }

    tl::unexpected<Error> failed(error_code error, std::string_view what) const {
        if (error == beast::error::timeout)
            return fail(ErrorCode::kUnavailable, "the agent on {} does not answer within {} ms",
                        where_, options_.timeout.count());
        return fail(ErrorCode::kIo, "{} the agent on {}: {}", what, where_, error.message());
    }

    const ClientOptions& options_;
    const std::string host_;
    const std::string where_;
    asio::io_context io_{1};
    asio::ssl::context context_;
    std::unique_ptr<Stream> stream_;
};

}  // namespace

Result<ClientResponse> request(const ClientOptions& options, const std::string& method,
                               const std::string& target, const std::string& body) {
    Connection connection(options);
    if (auto opened = connection.open(); !opened)
        return forward_error(opened);
    return connection.exchange(method, target, body);
}

Result<ClientResponse> read_stream(const ClientOptions& options, const std::string& target,
                                   const std::string& last_event_id,
                                   const std::function<bool(std::string_view)>& data) {
    Connection connection(options);
    if (auto opened = connection.open(); !opened)
        return forward_error(opened);
    return connection.follow(target, last_event_id, data);
}

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
        if (plain)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace vedette::api
