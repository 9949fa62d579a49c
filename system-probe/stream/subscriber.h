// SPDX-License-Identifier: Apache-2.0
//
// How the pipeline sees the agent's call, and the call the pipeline.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {

/// A serialized SubscribeResponse.
using Frame = std::shared_ptr<const std::string>;

/// Thread-safe; none of these blocks.
class Subscriber {
   public:
    virtual ~Subscriber() = default;
    /// Sends `first`, then the queue's batches from `number` on. Once.
    virtual void begin(std::vector<Frame> first, uint64_t number) = 0;
    /// Before the batches that wait.
    virtual void send(Frame frame) = 0;
    /// There are new batches in the queue.
    virtual void wake() = 0;
    /// Ends the call; the agent sees UNAVAILABLE with this reason.
    virtual void close(const std::string& reason) = 0;
    /// The same, after everything that is in the queue has been sent.
    virtual void close_when_drained(const std::string& reason) = 0;
    virtual bool open() const = 0;
};

/// Called on a thread of the server's for each agent that says hello.
using HelloHandler = std::function<void(std::shared_ptr<Subscriber>, v1::Hello)>;
/// The same for each plan of an agent that has said hello.
using FilterHandler = std::function<void(v1::FilterPlan)>;
/// The same for what may be dropped besides.
using DiscardHandler = std::function<void(v1::Discard)>;
/// The same for each answer.
using AnswerHandler = std::function<void(v1::Answer)>;
/// The same for each question about a file. `reply`, from any thread and at most once, sends the answer on the same call,
/// if that is still open.
using FileReply = std::function<void(v1::FileAnswer)>;
using FileQuestionHandler = std::function<void(v1::FileQuestion, FileReply reply)>;

struct StreamHandlers {
    HelloHandler hello;
    FilterHandler filters;
    DiscardHandler discard;
    AnswerHandler answer;
    FileQuestionHandler file_question;  ///< empty: no such question is answered
};

}  // namespace vedette::probe
