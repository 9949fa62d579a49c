// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/event_service.h"

#include <deque>
#include <utility>

#include "system-probe/stream/buffers.h"
#include "system-probe/stream/sending_call.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {
namespace {

constexpr const char* kTooSlow =
    "the agent was too slow and batches it had not taken were dropped: subscribe again";

/// Answers that wait for an agent to read; more are dropped, and it goes on without them.
constexpr size_t kMaxReplies = 4096;

/// Shares the frame's bytes with gRPC instead of copying them.
grpc::ByteBuffer shared_buffer(const Frame& frame) {
    auto* owner = new Frame(frame);
    // gRPC takes a pointer to bytes it may own; it never writes through it.
    grpc::Slice slice(
        const_cast<char*>(frame->data()), frame->size(),
        [](void* data) { delete static_cast<Frame*>(data); }, owner);
    return {&slice, 1};
}

/// One call of an agent.
class Session final : public SendingCall,
                      public Subscriber,
                      public std::enable_shared_from_this<Session> {
   public:
    Session(BatchQueue& queue, const StreamHandlers& handlers)
        : queue_(queue), handlers_(handlers) {}

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
        if (sending())
            cancel();
    }
    void close_when_drained(const std::string& reason) override {
        const std::lock_guard lock(mutex_);
        drain_reason_ = reason;
        pump();
    }
    bool open() const override {
        const std::lock_guard lock(mutex_);
        return !ending();
    }

   private:
    void on_start() override { read(); }
    void on_message(grpc::ByteBuffer& message) override {
        if (ending())
            return;
        v1::SubscribeRequest request;
        if (!from_buffer(message, request))
            return end({grpc::StatusCode::INVALID_ARGUMENT, "malformed message"});
        if (const auto status = handle(request); !status.ok())
            return end(status);
        read();
    }
    void on_closed() override { end(grpc::Status::OK); }

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
            queue_.acknowledge(request.ack().sequence(), request.ack().batch());
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
        if (ending() || replies_.size() >= kMaxReplies)
            return;
        replies_.push_back(std::make_shared<const std::string>(response.SerializeAsString()));
        pump();
    }

    bool take_next(grpc::ByteBuffer& message) override {
        Frame frame;
        if (!begun_ || !take_frame(frame))
            return false;
        message = shared_buffer(frame);
        return true;
    }

    /// False: there is nothing to send now.
    bool take_frame(Frame& frame) {
        for (std::deque<Frame>* waiting : {&first_, &replies_}) {
            if (waiting->empty())
                continue;
            frame = std::move(waiting->front());
            waiting->pop_front();
            return true;
        }
        switch (queue_.take(next_number_, frame)) {
            case BatchQueue::Take::kBatch:
                ++next_number_;
                return true;
            case BatchQueue::Take::kEmpty:
                if (!drain_reason_.empty())
                    end({grpc::StatusCode::UNAVAILABLE, drain_reason_});
                return false;
            case BatchQueue::Take::kLost:
                end({grpc::StatusCode::UNAVAILABLE, kTooSlow});
                return false;
        }
        return false;
    }

    BatchQueue& queue_;
    const StreamHandlers& handlers_;

    std::deque<Frame> first_;
    std::deque<Frame> replies_;
    uint64_t next_number_ = 0;
    std::string drain_reason_;
    bool greeted_ = false;
    bool begun_ = false;
};

}  // namespace

Route event_route(BatchQueue& queue, StreamHandlers handlers) {
    return {"/vedette.v1.EventStream/Subscribe", [&queue, handlers = std::move(handlers)] {
                return std::make_shared<Session>(queue, handlers);
            }};
}

}  // namespace vedette::probe
