// SPDX-License-Identifier: Apache-2.0
//
// A call in which we send one message after another, until one of both sides ends it.
#pragma once

#include "system-probe/stream/call.h"

namespace vedette::probe {

/// As Call: all that is protected is called with mutex_ held.
class SendingCall : public Call {
   protected:
    /// Sends what there is, as long as the socket takes it at once; goes on by itself with the rest.
    void pump();
    /// Nothing is sent after the message that is on its way. The first status counts.
    void end(const grpc::Status& status);
    bool ending() const { return ending_; }
    /// A message is on its way, and waits for the other side to read.
    bool sending() const { return sending_; }

    /// The next message. False: there is none now. May end the call.
    virtual bool take_next(grpc::ByteBuffer& message) = 0;

   private:
    void on_written(bool ok) final;
    void on_end() final { end(grpc::Status::CANCELLED); }
    void finish_once();

    grpc::Status status_;
    bool sending_ = false;
    bool ending_ = false;    ///< status_ is decided
    bool finished_ = false;  ///< finish() was called
};

}  // namespace vedette::probe
