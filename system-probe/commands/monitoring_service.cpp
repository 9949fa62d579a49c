// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/monitoring_service.h"

#include <deque>
#include <utility>

#include "system-probe/stream/sending_call.h"
#include "system-probe/stream/typed_call.h"
#include "vedette/v1/event_monitoring.pb.h"

namespace vedette::probe {
namespace {

constexpr size_t kMaxWaitingBytes = 16u << 20;  // a snapshot of some thousand processes fits
constexpr size_t kMaxEventsInMessage = 256;

/// One call.
class Listener final : public RequestCall<v1::GetProcessEventsRequest, SendingCall>,
                       public ProcessListener,
                       public std::enable_shared_from_this<Listener> {
   public:
    explicit Listener(const ListenHandler& on_listen) : on_listen_(on_listen) {}

    bool push(std::shared_ptr<const v1::ProcessEvent> event) override {
        const std::lock_guard lock(mutex_);
        if (ending())
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
    bool take_next(grpc::ByteBuffer& buffer) override {
        if (waiting_.empty())
            return false;
        v1::ProcessEvents message;
        message.set_lost(std::exchange(lost_, 0));
        for (size_t n = 0; n < kMaxEventsInMessage && !waiting_.empty(); ++n) {
            waiting_bytes_ -= waiting_.front()->ByteSizeLong();
            *message.add_events() = *waiting_.front();
            waiting_.pop_front();
        }
        buffer = to_buffer(message);
        return true;
    }

    const ListenHandler& on_listen_;
    std::deque<std::shared_ptr<const v1::ProcessEvent>> waiting_;
    size_t waiting_bytes_ = 0;
    uint64_t lost_ = 0;
};

}  // namespace

Route monitoring_route(ListenHandler on_listen) {
    return {"/vedette.v1.EventMonitoring/GetProcessEvents",
            [on_listen = std::move(on_listen)] { return std::make_shared<Listener>(on_listen); }};
}

}  // namespace vedette::probe
