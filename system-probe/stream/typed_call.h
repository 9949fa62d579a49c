// SPDX-License-Identifier: Apache-2.0
//
// Calls whose caller sends one message, a request, and gets one response, or many.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "system-probe/stream/buffers.h"
#include "system-probe/stream/call.h"

namespace vedette::probe {

/// Reads the request; the rest is up to who derives from it.
template <typename Request, typename Base = Call>
class RequestCall : public Base {
   protected:
    virtual void on_request() = 0;
    Request request_;

   private:
    void on_start() final { this->read(); }
    void on_message(grpc::ByteBuffer& message) final {
        if (from_buffer(message, request_))
            on_request();
        else
            this->finish({grpc::StatusCode::INVALID_ARGUMENT, "malformed message"});
    }
    void on_closed() final {
        this->finish({grpc::StatusCode::INVALID_ARGUMENT, "no request came"});
    }
};

/// One response. It and the request live until `done` is gone, also when the caller has hung up.
template <typename Request, typename Response>
class UnaryCall final : public RequestCall<Request>,
                        public std::enable_shared_from_this<UnaryCall<Request, Response>> {
   public:
    using Done = std::function<void(grpc::Status)>;
    /// Called on the server's thread; `done` exactly once, from any.
    using Handler = std::function<void(const Request& request, Response& response, Done done)>;
    explicit UnaryCall(Handler handler) : handler_(std::move(handler)) {}

   private:
    void on_request() override {
        handler_(
            this->request_, response_,
            [self = this->shared_from_this()](const grpc::Status& status) { self->end(status); });
    }
    void on_written(bool ok) override {
        this->finish(ok ? grpc::Status::OK : grpc::Status::CANCELLED);
    }
    void on_end() override {}

    void end(const grpc::Status& status) {
        const std::lock_guard lock(this->mutex_);
        if (!status.ok())
            this->finish(status);
        else if (this->write(to_buffer(response_)))
            this->finish(grpc::Status::OK);
    }

    Handler handler_;
    Response response_;
};

template <typename Request, typename Response, typename Handler>
Route unary_route(std::string method, Handler handler) {
    return {std::move(method), [handler = std::move(handler)] {
                return std::make_shared<UnaryCall<Request, Response>>(handler);
            }};
}

}  // namespace vedette::probe
