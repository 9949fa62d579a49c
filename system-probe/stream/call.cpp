// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/call.h"

#include <grpc/grpc.h>
#include <grpcpp/alarm.h>

#include <utility>

#include "system-probe/stream/call_wire.h"

namespace vedette::probe {
namespace {

/// Of another call, whose lock nobody may take who holds one: on the server's thread, like everything else.
struct TellLater {
    static void start(grpc::ServerCompletionQueue& events, void* tag, bool ok) {
        auto* const later = new TellLater{.tag = tag, .ok = ok};
        // At once, by no timer: those may be late (ADR 34).
        later->alarm.Set(&events, gpr_inf_past(GPR_CLOCK_REALTIME), &later->due);
    }
    static void finish(void* object, bool /*ok*/) {
        const std::unique_ptr<TellLater> later(static_cast<TellLater*>(object));
        tell(later->tag, later->ok);
    }

    void* const tag;
    const bool ok;
    Tag due{this, finish};
    grpc::Alarm alarm{};
};

}  // namespace

Call::Call() = default;
Call::~Call() = default;

void Call::read() {
    if (!wire_ || wire_->over)
        return;
    ++wire_->under_way;
    wire_->stream.Read(&wire_->incoming, &wire_->read);
}

/// gRPC puts what is done into the server's queue and wakes its thread, unless this thread says that it looks by itself.
bool Call::write(grpc::ByteBuffer message) {
    if (!wire_ || wire_->over)
        return false;
    ++wire_->under_way;
    grpc_completion_queue* const queue = wire_->events.cq();
    grpc_completion_queue_thread_local_cache_init(queue);
    wire_->stream.Write(message, &wire_->written);
    void* done = nullptr;
    int succeeded = 0;
    if (grpc_completion_queue_thread_local_cache_flush(queue, &done, &succeeded) == 0)
        return false;
    bool ok = succeeded != 0;
    if (!static_cast<grpc::internal::CompletionQueueTag*>(done)->FinalizeResult(&done, &ok))
        return false;
    if (done == &wire_->written && ok) {
        --wire_->under_way;
        return true;
    }
    // Something else that this thread has done for gRPC meanwhile.
    if (static_cast<Tag*>(done)->object == wire_.get())
        tell(done, ok);
    else
        TellLater::start(wire_->events, done, ok);
    return false;
}

void Call::finish(const grpc::Status& status) {
    if (!wire_ || wire_->over)
        return;
    ++wire_->under_way;
    wire_->stream.Finish(status, &wire_->finished);
}

void Call::cancel() {
    if (wire_ && !wire_->over)
        wire_->context.TryCancel();
}

void Call::Wire::begin(std::unique_ptr<Wire> wire, std::shared_ptr<Call> owner) {
    if (wire->over)
        return;
    const std::lock_guard lock(owner->mutex_);
    wire->open.emplace(wire->open_calls);
    wire->call = owner;
    owner->wire_ = std::move(wire);
    owner->on_start();
}

void Call::Wire::on_read(bool ok) {
    const std::shared_ptr<Call> owner = call;
    const std::lock_guard lock(owner->mutex_);
    --under_way;
    if (ok)
        owner->on_message(incoming);
    else
        owner->on_closed();
    let_go_when_over();
}

void Call::Wire::on_write(bool ok) {
    const std::shared_ptr<Call> owner = call;
    const std::lock_guard lock(owner->mutex_);
    --under_way;
    owner->on_written(ok);
    let_go_when_over();
}

void Call::Wire::on_finish(bool /*ok*/) {
    const std::shared_ptr<Call> owner = call;
    const std::lock_guard lock(owner->mutex_);
    --under_way;
    let_go_when_over();
}

void Call::Wire::on_end(bool /*ok*/) {
    const std::shared_ptr<Call> owner = call;
    if (!owner) {
        over = true;
        return;
    }
    const std::lock_guard lock(owner->mutex_);
    over = true;
    owner->on_end();
    let_go_when_over();
}

/// The last thing that happens to this object. The caller holds another share of the call, and its lock.
void Call::Wire::let_go_when_over() {
    if (over && under_way == 0)
        call->wire_.reset();
}

}  // namespace vedette::probe
