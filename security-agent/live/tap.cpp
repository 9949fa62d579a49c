// SPDX-License-Identifier: Apache-2.0
#include "security-agent/live/tap.h"

#include <algorithm>
#include <utility>

namespace vedette::live {

void Tap::event(const engine::EventSubject& subject, const std::function<std::string()>& json) {
    if (counting_)
        count(subject);
    const v1::ProcessNode& process = subject.process();
    if (!hub_.wants_events() || !hub_.wants_event(process.pid(), process.container().id()))
        return;
    const int64_t begin = steady_ns_();
    if (next_event_ > begin)
        return hub_.skip_event();
    hub_.add_event(json());
    const int64_t cost = steady_ns_() - begin;
    next_event_ = std::max(next_event_, begin - kAdvanceNs) + cost * kShareOfTime;
}

void Tap::count(const engine::EventSubject& subject) {
    const std::lock_guard lock(mutex_);
    if (++events_ % 64 == 0 && steady_ns_() > lease_end_) {
        counting_ = false;
        if (looks_)
            looks_(false);
        return;
    }
    containers_.count(subject.process().container().id());
    programs_.count(subject.process().file().path());
}

Counts Tap::counts() {
    std::unique_lock lock(mutex_);
    const int64_t now = steady_ns_();
    const bool begins = !counting_;
    if (begins || now > lease_end_) {
        events_ = 0;
        containers_.clear();
        programs_.clear();
    }
    lease_end_ = now + kLeaseNs;
    counting_ = true;
    Counts counts{events_, containers_.rows(), programs_.rows()};
    lock.unlock();
    if (begins && looks_)
        looks_(true);
    return counts;
}

}  // namespace vedette::live
