// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/event_service.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <mutex>
#include <utility>

#include "vedette/v1/event_stream.grpc.pb.h"

namespace vedette::probe {
namespace {

constexpr const char* kTooSlow =
    "the agent was too slow and batches it had not taken were dropped: subscribe again";

/// Answers that wait for an agent to read; more are dropped, and it goes on without them.
constexpr size_t kMaxReplies = 4096;

/// Shares the frame's bytes with gRPC instead of copying them.
grpc::ByteBuffer to_buffer(const Frame& frame) {
    auto* owner = new Frame(frame);
    // gRPC takes a pointer to bytes it may own; it never writes through it.
    grpc::Slice slice(
        const_cast<char*>(frame->data()), frame->size(),
        [](void* data) { delete static_cast<Frame*>(data); }, owner);
    return {&slice, 1};
}

/// One call of an agent. gRPC may run a reaction inside the call that causes it, hence the recursive mutex; at most one
/// write is under way, Finish is called once and only between writes.
class Session final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                      public Subscriber,
                      public std::enable_shared_from_this<Session> {
   public:
    Session(grpc::CallbackServerContext* context, BatchQueue& queue, const StreamHandlers& handlers)
        : context_(context), queue_(queue), handlers_(handlers) {}

    void start() {
        self_ = shared_from_this();
        StartRead(&read_buffer_);
    }

    // Subscriber, called by the pipeline thread.
    void begin(std::vector<Frame> first, uint64_t number) override {
        const std::lock_guard lock(mutex_);
        first_.insert(first_.begin(), first.begin(), first.end());
        next_number_ = number;
        begun_ = true;
        pump();
    }
    void send(Frame frame) override {
        const std::lock_guard lock(mutex_);
        first_.push_back(std::move(frame));
        pump();
    }
    void wake() override {
        const std::lock_guard lock(mutex_);
        pump();
    }
    void close(const std::string& reason) override {
        const std::lock_guard lock(mutex_);
        end(grpc::Status(grpc::StatusCode::UNAVAILABLE, reason));
        // A write that waits for the agent to read would never end.
        if (writing_ && !done_)
            context_->TryCancel();
    }
    void close_when_drained(const std::string& reason) override {
        const std::lock_guard lock(mutex_);
        drain_reason_ = reason;
        pump();
    }
    bool open() const override {
        const std::lock_guard lock(mutex_);
        return !ending_;
    }

    // Reactions, on gRPC's threads.
    void OnReadDone(bool ok) override {
        const std::lock_guard lock(mutex_);
        if (ending_)
            return;
        v1::SubscribeRequest request;
        if (!ok)
            return end(grpc::Status::OK);  // the agent has closed its side
        const auto parsed =
            grpc::SerializationTraits<v1::SubscribeRequest>::Deserialize(&read_buffer_, &request);
        if (!parsed.ok()) {
            return end({grpc::StatusCode::INVALID_ARGUMENT, "malformed message"});
        }
        if (const auto status = handle(request); !status.ok())
            return end(status);
        StartRead(&read_buffer_);
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
        std::shared_ptr<Session> self;  // outlives the lock; the pipeline may hold another
        const std::lock_guard lock(mutex_);
        done_ = true;
        self = std::move(self_);
    }

   private:
    grpc::Status handle(v1::SubscribeRequest& request) {
        if (!greeted_) {
            if (!request.has_hello()) {
                return {grpc::StatusCode::FAILED_PRECONDITION, "the first message must be Hello"};
            }
            greeted_ = true;
            handlers_.hello(shared_from_this(), request.hello());
            return grpc::Status::OK;
        }
        if (request.has_filters()) {
            handlers_.filters(std::move(*request.mutable_filters()));
            return grpc::Status::OK;
        }
        if (request.has_answer()) {
            handlers_.answer(std::move(*request.mutable_answer()));
            return grpc::Status::OK;
        }
        if (request.has_file_question()) {
            ask(std::move(*request.mutable_file_question()));
            return grpc::Status::OK;
        }
        if (request.has_discard()) {
            handlers_.discard(std::move(*request.mutable_discard()));
            return grpc::Status::OK;
        }
        if (request.has_hello())
            return {grpc::StatusCode::INVALID_ARGUMENT, "Hello came twice"};
        // Anything else comes from a newer agent, which does without an answer.
        if (request.has_ack())
            queue_.acknowledge(request.ack().sequence());
        return grpc::Status::OK;
    }

    void ask(v1::FileQuestion question) {
        if (!handlers_.file_question)
            return;
        handlers_.file_question(std::move(question),
                                [call = weak_from_this()](v1::FileAnswer answer) {
                                    if (const auto self = call.lock())
                                        self->reply(std::move(answer));
                                });
    }

    void reply(v1::FileAnswer answer) {
        v1::SubscribeResponse response;
        *response.mutable_file_answer() = std::move(answer);
        const std::lock_guard lock(mutex_);
        if (ending_ || replies_.size() >= kMaxReplies)
            return;
        replies_.push_back(std::make_shared<const std::string>(response.SerializeAsString()));
        pump();
    }

    void pump() {
        if (!begun_ || writing_ || ending_)
            return;
        Frame frame;
        if (!first_.empty()) {
            frame = std::move(first_.front());
            first_.pop_front();
        } else if (!replies_.empty()) {
            frame = std::move(replies_.front());
            replies_.pop_front();
        } else {
            switch (queue_.take(next_number_, frame)) {
                case BatchQueue::Take::kBatch:
                    ++next_number_;
                    break;
                case BatchQueue::Take::kEmpty:
                    if (!drain_reason_.empty()) {
                        end({grpc::StatusCode::UNAVAILABLE, drain_reason_});
                    }
                    return;
                case BatchQueue::Take::kLost:
                    return end({grpc::StatusCode::UNAVAILABLE, kTooSlow});
            }
        }
        writing_ = true;
        write_buffer_ = to_buffer(frame);
        StartWrite(&write_buffer_);
    }

    void end(const grpc::Status& status) {
        if (ending_)
            return;
        ending_ = true;
        status_ = status;
        if (!writing_)
            finish();
    }

    void finish() {
        if (std::exchange(finished_, true))
            return;
        Finish(status_);
    }

    grpc::CallbackServerContext* const context_;
    BatchQueue& queue_;
    const StreamHandlers& handlers_;

    mutable std::recursive_mutex mutex_;
    std::shared_ptr<Session> self_;  ///< keeps it alive until OnDone
    grpc::ByteBuffer read_buffer_;
    grpc::ByteBuffer write_buffer_;
    std::deque<Frame> first_;
    std::deque<Frame> replies_;
    uint64_t next_number_ = 0;
    std::string drain_reason_;
    grpc::Status status_;
    bool greeted_ = false;
    bool begun_ = false;
    bool writing_ = false;
    bool ending_ = false;    ///< status_ is decided
    bool finished_ = false;  ///< Finish was called
    bool done_ = false;      ///< context_ is gone
};

class EventService final
    : public v1::EventStream::WithRawCallbackMethod_Subscribe<v1::EventStream::Service> {
   public:
    EventService(BatchQueue& queue, StreamHandlers handlers)
        : queue_(queue), handlers_(std::move(handlers)) {}

    grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Subscribe(
        grpc::CallbackServerContext* context) override {
        auto session = std::make_shared<Session>(context, queue_, handlers_);
        session->start();
        return session.get();
    }

   private:
    BatchQueue& queue_;
    StreamHandlers handlers_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_event_service(BatchQueue& queue, StreamHandlers handlers) {
    return std::make_unique<EventService>(queue, std::move(handlers));
}

}  // namespace vedette::probe
