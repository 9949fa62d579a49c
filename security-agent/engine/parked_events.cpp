// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/parked_events.h"

#include <algorithm>
#include <utility>

namespace vedette::engine {

void ParkedEvents::park(ParkedEvent event, const Decide& overflow) {
    event.bytes = sizeof(ParkedEvent) + event.event.SpaceUsedLong() +
                  event.process.SpaceUsedLong() + event.rules.size() * sizeof(uint32_t);
    for (const std::string& container : event.containers)
        event.bytes += sizeof(container) + container.size();
    event.bytes += event.files.size() * sizeof(FileWait);
    bytes_ += event.bytes;
    events_.push_back(std::move(event));
    while (!events_.empty() &&
           (events_.size() > limits_.max_events || bytes_ > limits_.max_bytes)) {
        overflow(events_.front());
        erase(events_.begin());
    }
}

template <typename Wanted>
void ParkedEvents::decide_if(const Wanted& wanted, const Decide& decide) {
    for (Place at = events_.begin(); at != events_.end();)
        at = wanted(*at) && decide(*at) ? erase(at) : std::next(at);
}

void ParkedEvents::on_metadata(std::string_view container, const Decide& decide) {
    decide_if(
        [container](const ParkedEvent& parked) {
            return parked.tries < kMaxTries &&
                   std::find(parked.containers.begin(), parked.containers.end(), container) !=
                       parked.containers.end();
        },
        [&decide](ParkedEvent& parked) {
            ++parked.tries;
            return decide(parked);
        });
}

void ParkedEvents::on_answer(uint64_t question, const Decide& decide) {
    decide_if(
        [question](const ParkedEvent& parked) {
            return std::ranges::find(parked.files, question, &FileWait::question) !=
                   parked.files.end();
        },
        decide);
}

void ParkedEvents::on_process_gone(uint64_t key, const Decide& decide) {
    decide_if([key](const ParkedEvent& parked) { return parked.process.key() == key; }, decide);
}

void ParkedEvents::on_time(int64_t now_ns, const Decide& decide) {
    decide_if([now_ns](const ParkedEvent& parked) { return parked.deadline_ns <= now_ns; }, decide);
}

void ParkedEvents::all(const Decide& decide) {
    decide_if([](const ParkedEvent&) { return true; }, decide);
}

ParkedEvents::Place ParkedEvents::erase(Place place) {
    bytes_ -= place->bytes;
    return events_.erase(place);
}

}  // namespace vedette::engine
