// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/runtime_set.h"

#include <algorithm>
#include <utility>

namespace vedette::probe {
namespace {

bool is_absent(const Error& error) {
    return error.code == ErrorCode::kNotFound;
}

/// Nothing that a few moments change.
bool is_final(const Error& error) {
    return error.code == ErrorCode::kDenied || error.code == ErrorCode::kUnsupported ||
           error.code == ErrorCode::kInvalid;
}

}  // namespace

RuntimeSet::RuntimeSet(std::vector<std::string> sockets, Open open)
    : open_(std::move(open)), slots_(sockets.size()) {
    for (size_t i = 0; i < sockets.size(); ++i)
        slots_[i].status.set_socket(std::move(sockets[i]));
}

ContainerRuntime* RuntimeSet::opened(Slot& slot, Clock::time_point now) {
    if (stopping_ || slot.runtime != nullptr)
        return stopping_ ? nullptr : slot.runtime.get();
    if (now < slot.next_open)
        return nullptr;
    auto runtime = open_(slot.status.socket());
    if (!runtime) {
        failed(slot, runtime.error(), now);
        return nullptr;
    }
    slot.runtime = std::move(*runtime);
    slot.may_come = true;
    const std::lock_guard lock(mutex_);
    slot.status.set_name(slot.runtime->name());
    slot.status.set_version(slot.runtime->version());
    slot.status.clear_problem();
    return slot.runtime.get();
}

void RuntimeSet::failed(Slot& slot, const Error& error, Clock::time_point now) {
    slot.runtime.reset();
    slot.may_come = !is_absent(error) && !is_final(error);
    // A socket that is not there costs nothing to look for.
    if (is_absent(error)) {
        slot.next_open = now;
        slot.pause = kFirstPause;
    } else {
        slot.next_open = now + (is_final(error) ? kLongestPause : slot.pause);
        slot.pause = std::min(2 * slot.pause, kLongestPause);
    }
    const std::lock_guard lock(mutex_);
    slot.status.set_problem(error.message);
}

void RuntimeSet::answered(Slot& slot, Clock::time_point asked) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - asked);
    const std::lock_guard lock(mutex_);
    slot.status.set_questions(slot.status.questions() + 1);
    slot.status.set_max_answer_us(
        std::max(slot.status.max_answer_us(), static_cast<uint64_t>(took.count())));
}

RuntimeSet::Found RuntimeSet::find(const std::string& id, Clock::time_point now) {
    Found out;
    for (Slot& slot : slots_) {
        if (ContainerRuntime* runtime = opened(slot, now)) {
            const auto asked = Clock::now();
            auto found = runtime->find(id);
            answered(slot, asked);
            if (found)
                slot.pause = kFirstPause;
            if (!found) {
                // It may have taken as long as we wait for an answer: the pause begins now.
                failed(slot, found.error(), now + (Clock::now() - asked));
                const std::lock_guard lock(mutex_);
                slot.status.set_failed(slot.status.failed() + 1);
            } else if (*found) {
                out.workload = std::move(**found);
                return out;
            }
        }
        out.may_come = out.may_come || slot.may_come;
    }
    return out;
}

std::set<std::string> RuntimeSet::list(Clock::time_point now) {
    std::set<std::string> out;
    for (Slot& slot : slots_) {
        ContainerRuntime* runtime = opened(slot, now);
        if (runtime == nullptr)
            continue;
        const auto asked = Clock::now();
        auto ids = runtime->list();
        answered(slot, asked);
        if (ids) {
            slot.pause = kFirstPause;
            out.insert(ids->begin(), ids->end());
            continue;
        }
        failed(slot, ids.error(), now + (Clock::now() - asked));
        const std::lock_guard lock(mutex_);
        slot.status.set_failed(slot.status.failed() + 1);
    }
    return out;
}

bool RuntimeSet::may_come() const {
    return std::ranges::any_of(slots_, &Slot::may_come);
}

void RuntimeSet::fill_status(v1::WorkloadStatus& status) const {
    const std::lock_guard lock(mutex_);
    for (const Slot& slot : slots_)
        *status.add_runtimes() = slot.status;
}

}  // namespace vedette::probe
