// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/monitoring_service.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <mutex>
#include <utility>

#include "vedette/v1/event_monitoring.grpc.pb.h"

namespace vedette::probe {
namespace {

constexpr size_t kMaxWaitingBytes = 16u << 20;  // a snapshot of some thousand processes fits
constexpr int kMaxEventsInMessage = 256;

/// One call. gRPC may run a reaction inside the call that causes it, hence the recursive mutex.
class Listener final : public grpc::ServerWriteReactor<v1::ProcessEvents>,
                       public ProcessListener,
                       public std::enable_shared_from_this<Listener> {
   public:
    void start(const ListenHandler& on_listen, bool with_snapshot) {
        self_ = shared_from_this();
        on_listen(self_, with_snapshot);
    }

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
        pump();
        return true;
    }
    void close(const std::string& reason) override {
        const std::lock_guard lock(mutex_);
        end({grpc::StatusCode::UNAVAILABLE, reason});
    }

    void OnWriteDone(bool ok) override {
        const std::lock_guard lock(mutex_);
        writing_ = false;
        if (!ok)
            end(grpc::Status::CANCELLED);
        if (ending_)
            return finish();
        pump();
    }
    void OnCancel() override {
        const std::lock_guard lock(mutex_);
        end(grpc::Status::CANCELLED);
    }
    void OnDone() override {
        std::shared_ptr<Listener> self;  // outlives the lock; the feed may hold another
        const std::lock_guard lock(mutex_);
        self = std::move(self_);
    }

   private:
    void pump() {
        if (writing_ || ending_ || waiting_.empty())
            return;
        message_.Clear();
        message_.set_lost(std::exchange(lost_, 0));
        while (!waiting_.empty() && message_.events_size() < kMaxEventsInMessage) {
            waiting_bytes_ -= waiting_.front()->ByteSizeLong();
            *message_.add_events() = *waiting_.front();
            waiting_.pop_front();
        }
        writing_ = true;
        StartWrite(&message_);
    }
    void end(const grpc::Status& status) {
        if (std::exchange(ending_, true))
            return;
        status_ = status;
        if (!writing_)
            finish();
    }
    void finish() {
        if (!std::exchange(finished_, true))
            Finish(status_);
    }

    std::recursive_mutex mutex_;
    std::shared_ptr<Listener> self_;  ///< keeps it alive until OnDone
    std::deque<std::shared_ptr<const v1::ProcessEvent>> waiting_;
    size_t waiting_bytes_ = 0;
    uint64_t lost_ = 0;
    v1::ProcessEvents message_;
    grpc::Status status_;
    bool writing_ = false;
    bool ending_ = false;    ///< status_ is decided
    bool finished_ = false;  ///< Finish was called
};

class MonitoringService final : public v1::EventMonitoring::CallbackService {
   public:
    explicit MonitoringService(ListenHandler on_listen) : on_listen_(std::move(on_listen)) {}

    grpc::ServerWriteReactor<v1::ProcessEvents>* GetProcessEvents(
        grpc::CallbackServerContext* /*context*/,
        const v1::GetProcessEventsRequest* request) override {
        auto listener = std::make_shared<Listener>();
        listener->start(on_listen_, request->snapshot());
        return listener.get();
    }

   private:
    ListenHandler on_listen_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_monitoring_service(ListenHandler on_listen) {
    return std::make_unique<MonitoringService>(std::move(on_listen));
}

}  // namespace vedette::probe
