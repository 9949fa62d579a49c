// SPDX-License-Identifier: Apache-2.0
//
// A call as gRPC sees it. Only call.cpp and grpc_server.cpp look in here.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <memory>
#include <mutex>

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

/// Lives from the moment the server waits for a call until gRPC has nothing more to say about it.
struct Call::Wire {
    explicit Wire(grpc::ServerCompletionQueue& queue) : events(queue) {
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

    /// A caller who hangs up at once may be gone before begin(): another thread, which is just sending on the same
    /// connection, would be told.
    std::mutex handing_over;
    std::shared_ptr<Call> call;  ///< keeps it alive while gRPC may speak of it; null before begin()
    bool over = false;           ///< `ended` has come
    int under_way = 0;           ///< tags that will come back, `ended` apart
};

}  // namespace vedette::probe
