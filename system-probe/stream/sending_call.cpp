// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/sending_call.h"

#include <utility>

namespace vedette::probe {

void SendingCall::pump() {
    while (!sending_ && !ending_) {
        grpc::ByteBuffer message;
        if (!take_next(message))
            return;
        sending_ = true;
        if (write(std::move(message)))
            sending_ = false;
    }
    if (ending_ && !sending_)
        finish_once();
}

void SendingCall::end(const grpc::Status& status) {
    if (std::exchange(ending_, true))
        return;
    status_ = status;
    if (!sending_)
        finish_once();
}

void SendingCall::on_written(bool ok) {
    sending_ = false;
    if (!ok)
        end(grpc::Status::CANCELLED);
    pump();
}

void SendingCall::finish_once() {
    if (!std::exchange(finished_, true))
        finish(status_);
}

}  // namespace vedette::probe
