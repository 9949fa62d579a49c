// SPDX-License-Identifier: Apache-2.0
//
// Questions that the probe passes on to its agent, and who waits for the answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "common/result.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {

/// Pipeline thread.
class AgentQuestions {
   public:
    using Clock = std::chrono::steady_clock;
    using Done = std::function<void(Result<v1::Answer>)>;

    static constexpr size_t kMaxWaiting = 64;
    static constexpr auto kPatience = std::chrono::seconds(20);

    /// Gives it a number; `done` is called exactly once. Nothing when too many wait: then it was called already.
    std::optional<v1::Question> ask(v1::Question::Kind kind, Done done, Clock::time_point now);
    /// An answer that nobody waits for (any more) is ignored.
    void answer(v1::Answer answer);
    /// Those that have waited too long are told so.
    void expire(Clock::time_point now);
    /// All are told.
    void fail_all(const std::string& reason);

   private:
    struct Waiting {
        Done done;
        Clock::time_point asked;
    };

    uint64_t next_id_ = 1;
    std::map<uint64_t, Waiting> waiting_;
};

}  // namespace vedette::probe
