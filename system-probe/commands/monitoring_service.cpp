// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/monitoring_service.h"

#include <deque>
#include <utility>

#include "system-probe/stream/typed_call.h"
#include "vedette/v1/event_monitoring.pb.h"

namespace vedette::probe {
namespace {

constexpr size_t kMaxWaitingBytes = 16u << 20;  // a snapshot of some thousand processes fits
constexpr size_t kMaxEventsInMessage = 256;

/// One call.
class Listener final : public RequestCall<v1::GetProcessEventsRequest>,
                       public ProcessListener,
                       public std::enable_shared_from_this<Listener> {
   public:
    explicit Listener(const ListenHandler& on_listen) : on_listen_(on_listen) {}

    bool push(std::shared_ptr<const v1::ProcessEvent> event) override {
        const std::lock_guard lock(mutex_);
        if (ending_)
            return false;
        const size_t size = event->ByteSizeLong();
        if (waiting_bytes_ + size > kMaxWaitingBytes) {
            ++lost_;
            return true;
        }
        waiting_bytes_ += size;
        waiting_.push_back(std::move(event));
        if (waiting_.size() >= kMaxEventsInMessage)
            pump();
        return true;
    }
    void flush() override {
        const std::lock_guard lock(mutex_);
        pump();
    }
    void close(const std::string& reason) override {
        const std::lock_guard lock(mutex_);
        end({grpc::StatusCode::UNAVAILABLE, reason});
    }

   private:
    void on_request() override { on_listen_(shared_from_this(), request_.snapshot()); }
    void on_written(bool ok) override {
        writing_ = false;
        if (!ok)
            end(grpc::Status::CANCELLED);
        if (ending_)
            return finish_once();
        pump();
    }
    void on_end() override { end(grpc::Status::CANCELLED); }

    void pump() {
        while (!writing_ && !ending_ && !waiting_.empty()) {
            v1::ProcessEvents message;
            message.set_lost(std::exchange(lost_, 0));
            while (!waiting_.empty() &&
                   static_cast<size_t>(message.events_size()) < kMaxEventsInMessage) {
                waiting_bytes_ -= waiting_.front()->ByteSizeLong();
                *message.add_events() = *waiting_.front();
                waiting_.pop_front();
            }
            writing_ = true;
            if (write(to_buffer(message)))
                writing_ = false;
        }
        if (ending_ && !writing_)
            finish_once();
    }
    void end(const grpc::Status& status) {
        if (std::exchange(ending_, true))
            return;
        status_ = status;
        if (!writing_)
            finish_once();
    }
    void finish_once() {
        if (!std::exchange(finished_, true))
            finish(status_);
    }

    const ListenHandler& on_listen_;
    std::deque<std::shared_ptr<const v1::ProcessEvent>> waiting_;
    size_t waiting_bytes_ = 0;
    uint64_t lost_ = 0;
    grpc::Status status_;
    bool writing_ = false;
    bool ending_ = false;    ///< status_ is decided
    bool finished_ = false;  ///< finish() was called
};

}  // namespace

Route monitoring_route(ListenHandler on_listen) {
    return {"/vedette.v1.EventMonitoring/GetProcessEvents",
            [on_listen = std::move(on_listen)] { return std::make_shared<Listener>(on_listen); }};
}

}  // namespace vedette::probe
