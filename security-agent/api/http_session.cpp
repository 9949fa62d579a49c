// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <utility>

#include "security-agent/api/http_listener.h"

namespace vedette::api {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;

constexpr size_t kMaxDrained = 1 << 20;

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
        else if (body_ && !writing_)
            say_goodbye();
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
        body_.reset();
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
        if (response.stream)
            return begin_stream(std::move(response));
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

    /// The head, then what `stream` has to say for as long as both sides stay.
    void begin_stream(Response response) {
        body_ = std::move(response.stream);
        last_ = true;
        body_->start([weak = this->weak_from_this(), woken = woken_, &io = server_->io] {
            if (!woken->exchange(true))
                asio::post(io, [weak] {
                    if (const auto self = weak.lock())
                        self->pump();
                });
        });
        watch_peer();
        write_more(serialize_head(response));
    }

    /// A peer that speaks while it is spoken to has said that it is done: it closes, or does not keep to HTTP.
    void watch_peer() {
        transport().async_wait(tcp::socket::wait_read,
                               [self = this->shared_from_this()](error_code error) {
                                   if (!error && self->body_)
                                       self->finish();
                               });
    }

    void pump() {
        woken_->store(false);
        if (closed_ || writing_ || !body_)
            return;
        if (server_->stopping)
            return say_goodbye();
        std::string more = body_->take();
        if (!more.empty())
            return write_more(std::move(more));
        timer_.expires_after(limits().heartbeat);
        timer_.async_wait([weak = this->weak_from_this()](error_code error) {
            const auto self = weak.lock();
            if (!error && self && !self->closed_ && !self->writing_ && self->body_)
                self->pulse();
        });
    }

    /// What nobody was woken for, or a sign of life.
    void pulse() {
        std::string more = body_->take();
        write_more(more.empty() ? body_->heartbeat() : std::move(more));
    }

    void write_more(std::string text) {
        writing_ = true;
        output_ = std::move(text);
        deadline(limits().step);
        asio::async_write(stream(), asio::buffer(output_),
                          [self = this->shared_from_this()](error_code error, size_t) {
                              self->writing_ = false;
                              if (error)
                                  return self->finish();
                              self->pump();
                          });
    }

    /// A close with unread input would reset the connection, and the peer might lose the answer.
    void say_goodbye() {
        if (std::exchange(body_, nullptr)) {
            error_code ignored;
            transport().cancel(ignored);  // watch_peer
        }
        stage = Stage::kSilent;  // it has its answer, and may give way to somebody who has none
        deadline(kHttpLinger);
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
    std::shared_ptr<BodyStream> body_;  ///< an answer without an end; null: none, or it has ended
    std::shared_ptr<std::atomic<bool>> woken_ = std::make_shared<std::atomic<bool>>(false);
    bool writing_ = false;  ///< of body_
    size_t requests_ = 0;
    size_t drained_ = 0;
    bool waiting_ = false;  ///< between requests
    bool last_ = false;     ///< close after this answer
    bool closed_ = false;
};

}  // namespace

std::shared_ptr<SessionBase> make_session(std::shared_ptr<HttpListener> server, tcp::socket socket,
                                          TlsContext tls) {
    if (tls)
        return std::make_shared<Session<TlsStream>>(std::move(server), std::move(socket), tls);
    return std::make_shared<Session<tcp::socket>>(std::move(server), std::move(socket), nullptr);
}

}  // namespace vedette::api
