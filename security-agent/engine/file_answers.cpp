// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/file_answers.h"

#include <utility>

#include "bpf/abi/records.h"

namespace vedette::engine {
namespace {

/// Whoever asked a moment later would be answered in the same way. "Not configured" is what the probe says to those
/// who ask about itself.
bool is_final(const v1::FileAnswer& answer, bool hashes) {
    switch (answer.hash_state()) {
        case v1::File::HASH_STATE_DONE:
        case v1::File::HASH_STATE_TOO_BIG:
        case v1::File::HASH_STATE_EMPTY:
            return true;
        default:
            return !hashes && answer.hash_state() == v1::File::HASH_STATE_UNKNOWN;
    }
}

}  // namespace

std::string FileAnswers::key_of(const v1::FileQuestion& question, const v1::ProcessNode& process,
                                uint64_t event_ns) {
    const uint64_t changed = question.file().change_time();
    // In an overlay's upper layer the file may be written through a mapping without a new change time of what we see.
    if (changed == 0 || changed + kSettledNs > event_ns || question.mntns() == 0 ||
        (question.file().flags() & VDT_FILE_UPPER) != 0)
        return {};
    std::string key = question.SerializeAsString();
    key += '\0';
    key += std::to_string(process.credentials().uid());
    key += '\0';
    key += process.cgroup().id();
    return key;
}

const v1::FileAnswer* FileAnswers::find(const std::string& key, int64_t now_ns) const {
    const auto known = known_.find(key);
    return known != known_.end() && now_ns < known->second.until_ns ? &known->second.answer
                                                                    : nullptr;
}

void FileAnswers::asked(const v1::FileQuestion& question, std::string key, int64_t now_ns) {
    if (asked_.size() >= kMaxAnswers)
        asked_.erase(asked_.begin());
    asked_.emplace(question.id(), Question{std::move(key), question.hashes(), now_ns + kKeepNs});
}

void FileAnswers::answered(const v1::FileAnswer& answer) {
    const auto question = asked_.find(answer.id());
    if (question == asked_.end())
        return;
    Question of = std::move(question->second);
    asked_.erase(question);
    if (!is_final(answer, of.hashes))
        return;
    if (known_.size() >= kMaxAnswers)
        known_.clear();
    known_[std::move(of.key)] = {answer, of.until_ns};
}

void FileAnswers::clear() {
    asked_.clear();
    known_.clear();
}

}  // namespace vedette::engine
