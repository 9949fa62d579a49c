// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/agent_questions.h"

#include <utility>

namespace vedette::probe {

std::optional<v1::Question> AgentQuestions::ask(v1::Question::Kind kind, Done done,
                                                Clock::time_point now) {
    if (waiting_.size() >= kMaxWaiting) {
        done(fail(ErrorCode::kLimit, "{} questions to the agent wait already", kMaxWaiting));
        return std::nullopt;
    }
    v1::Question question;
    question.set_id(next_id_++);
    question.set_kind(kind);
    waiting_[question.id()] = {std::move(done), now};
    return question;
}

void AgentQuestions::answer(v1::Answer answer) {
    const auto found = waiting_.find(answer.id());
    if (found == waiting_.end())
        return;
    const Done done = std::move(found->second.done);
    waiting_.erase(found);
    done(std::move(answer));
}

void AgentQuestions::expire(Clock::time_point now) {
    // Numbers ascend with time.
    while (!waiting_.empty() && now - waiting_.begin()->second.asked >= kPatience) {
        const Done done = std::move(waiting_.begin()->second.done);
        waiting_.erase(waiting_.begin());
        done(fail(ErrorCode::kUnavailable, "the agent did not answer within {} s",
                  kPatience.count()));
    }
}

void AgentQuestions::fail_all(const std::string& reason) {
    for (auto& [id, waiting] : std::exchange(waiting_, {}))
        waiting.done(fail(ErrorCode::kUnavailable, "{}", reason));
}

}  // namespace vedette::probe
