// SPDX-License-Identifier: Apache-2.0
//
// A call as gRPC sees it. Only call.cpp and grpc_server.cpp look in here.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "system-probe/stream/call.h"

namespace vedette::probe {

/// What gRPC gives back when the thing is done.
struct Tag {
    void* object;
    void (*done)(void* object, bool ok);
};

/// `tag`: what gRPC gave back.
inline void tell(void* tag, bool ok) {
    const auto* const what = static_cast<Tag*>(tag);
    what->done(what->object, ok);
}

/// The calls that are there, so that the server's queue can outlive what they still do.
class OpenCalls {
   public:
    /// One of them, as long as it lives.
    class One {
       public:
        explicit One(OpenCalls& all) : all_(all) {
            const std::lock_guard lock(all_.mutex_);
            ++all_.count_;
        }
        ~One() {
            const std::lock_guard lock(all_.mutex_);
            if (--all_.count_ == 0)
                all_.none_.notify_all();
        }
        One(const One&) = delete;
        One& operator=(const One&) = delete;

       private:
        OpenCalls& all_;
    };

    void wait_for_none() {
        std::unique_lock lock(mutex_);
        none_.wait(lock, [this] { return count_ == 0; });
    }

   private:
    std::mutex mutex_;
    std::condition_variable none_;
    size_t count_ = 0;
};

/// Lives from the moment the server waits for a call until gRPC has nothing more to say about it.
struct Call::Wire {
    /// Both must outlive it.
    Wire(grpc::ServerCompletionQueue& queue, OpenCalls& calls) : events(queue), open_calls(calls) {
        context.AsyncNotifyWhenDone(&ended);
    }

    /// The call is there: `owner` serves it from here on.
    static void begin(std::unique_ptr<Wire> wire, std::shared_ptr<Call> owner);

    void on_read(bool ok);
    void on_write(bool ok);
    void on_finish(bool ok);
    void on_end(bool ok);
    void let_go_when_over();

    grpc::ServerCompletionQueue& events;
    OpenCalls& open_calls;
    std::optional<OpenCalls::One> open;  ///< from begin() until all below is gone
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter stream{&context};
    grpc::ByteBuffer incoming;
    template <void (Wire::*Member)(bool)>
    Tag tag() {
        return {this, [](void* wire, bool ok) { (static_cast<Wire*>(wire)->*Member)(ok); }};
    }
    Tag read = tag<&Wire::on_read>();
    Tag written = tag<&Wire::on_write>();
    Tag finished = tag<&Wire::on_finish>();
    Tag ended = tag<&Wire::on_end>();

    std::shared_ptr<Call> call;  ///< keeps it alive while gRPC may speak of it; null before begin()
    bool over = false;  ///< `ended` has come, for a caller who hung up at once before begin()
    int under_way = 0;  ///< tags that will come back, `ended` apart
};

}  // namespace vedette::probe
