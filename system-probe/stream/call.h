// SPDX-License-Identifier: Apache-2.0
//
// One call of somebody who has connected, whatever it is about: messages are bytes here. What comes is told on the
// server's one thread; what is sent leaves on the thread that sends it, and wakes no other when the socket takes it at
// once (ADR 31).
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace vedette::probe {

/// All that is protected is called with mutex_ held. The other side may be gone at any time: then nothing has an effect
/// any more, and on_end() has said so.
class Call {
   public:
    virtual ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   protected:
    Call();

    /// The next message: on_message() or on_closed(). One at a time.
    void read();
    /// True: it has left; else on_written() says when, and the next one waits until then.
    bool write(grpc::ByteBuffer message);
    /// The end, once, and not while a message is being written.
    void finish(const grpc::Status& status);
    /// What is under way fails.
    void cancel();

    /// The first of all.
    virtual void on_start() = 0;
    virtual void on_message(grpc::ByteBuffer& message) = 0;
    /// The other side sends nothing more.
    virtual void on_closed() = 0;
    virtual void on_written(bool ok) = 0;
    /// The call is over, by finish() or because the other side or its connection is gone.
    virtual void on_end() = 0;

    /// Recursive, because what gRPC does for one thing may bring another one's end.
    mutable std::recursive_mutex mutex_;

   private:
    friend class GrpcServer;
    struct Wire;
    std::unique_ptr<Wire> wire_;  ///< what belongs to gRPC; null before and after the call
};

/// A method by its full name ("/vedette.v1.Command/GetStatus"), and what serves a call of it.
struct Route {
    std::string method;
    std::function<std::shared_ptr<Call>()> make;
};

}  // namespace vedette::probe
