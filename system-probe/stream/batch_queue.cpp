// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/batch_queue.h"

#include <algorithm>
#include <utility>

#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {
namespace {

v1::SubscribeResponse parsed(const FinishedBatch& held) {
    v1::SubscribeResponse message;
    message.ParseFromString(*held.bytes);  // ours: cannot fail
    return message;
}

bool holds_difference(const FinishedBatch& held) {
    const v1::SubscribeResponse message = parsed(held);
    return std::ranges::any_of(message.batch().processes(), [](const v1::ProcessUpdate& change) {
        return change.program_of() != 0 || change.ended();
    });
}

}  // namespace

uint64_t BatchQueue::next_number() const {
    const std::lock_guard lock(mutex_);
    return next_number_;
}

void BatchQueue::push(FinishedBatch batch) {
    const std::lock_guard lock(mutex_);
    held_events_ += batch.events;
    held_bytes_ += batch.bytes->size();
    next_sequence_ = batch.first_sequence + batch.events;
    ++next_number_;
    held_.push_back(std::move(batch));
    const size_t bound = reader_ ? max_bytes_ : event_bytes();
    while (held_bytes_ > bound && held_.size() > 1) {
        const auto& oldest = held_.front();
        if (front_number() > taken_number_) {
            for (const auto& [type, count] : oldest.events_by_type)
                dropped_[type] += count;
        }
        dropped_number_ = front_number();
        // A batch without events carries processes: only later events prove that an agent had it.
        dropped_needs_ = oldest.first_sequence + std::max(oldest.events, 1u) - 1;
        pop_front();
    }
}

void BatchQueue::set_reader(bool connected) {
    const std::lock_guard lock(mutex_);
    reader_ = connected;
}

bool BatchQueue::reader_is_behind() const {
    const std::lock_guard lock(mutex_);
    return reader_ && held_bytes_ > event_bytes();
}

void BatchQueue::pop_front() {
    held_events_ -= held_.front().events;
    held_bytes_ -= held_.front().bytes->size();
    held_.pop_front();
}

BatchQueue::Take BatchQueue::take(uint64_t number, std::shared_ptr<const std::string>& bytes) {
    const std::lock_guard lock(mutex_);
    if (number >= next_number_)
        return Take::kEmpty;
    if (number < front_number())
        return Take::kLost;
    bytes = held_[number - front_number()].bytes;
    taken_number_ = std::max(taken_number_, number);
    return Take::kBatch;
}

void BatchQueue::acknowledge(uint64_t sequence, uint64_t number) {
    const std::lock_guard lock(mutex_);
    acknowledge_locked(sequence, number);
}

void BatchQueue::acknowledge_locked(uint64_t sequence, uint64_t number) {
    if (sequence >= next_sequence_)
        return;  // never sent: not worth believing
    acknowledged_ = std::max(acknowledged_, sequence);
    const auto has_front = [&] {
        const FinishedBatch& front = held_.front();
        return (front.events == 0 && front_number() <= number) ||
               front.first_sequence + std::max(front.events, 1u) - 1 <= sequence;
    };
    while (!held_.empty() && front_number() <= taken_number_ && has_front())
        pop_front();
}

BatchQueue::Resume BatchQueue::resume(uint64_t last_sequence) {
    const std::lock_guard lock(mutex_);
    acknowledge_locked(last_sequence, 0);
    return resume_locked(last_sequence);
}

BatchQueue::Resume BatchQueue::resume_unknown() {
    const std::lock_guard lock(mutex_);
    auto resume = resume_locked(acknowledged_);
    resume.complete = false;
    return resume;
}

BatchQueue::Resume BatchQueue::resume_locked(uint64_t last_sequence) {
    Resume resume;
    resume.number = front_number();
    resume.next_sequence = held_.empty() ? next_sequence_ : held_.front().first_sequence;
    resume.complete = dropped_needs_ <= last_sequence && last_sequence < next_sequence_;
    if (resume.next_sequence > last_sequence + 1) {
        resume.complete = false;
        resume.missed = resume.next_sequence - last_sequence - 1;
    }
    return resume;
}

bool BatchQueue::leave_out_differences() {
    const std::lock_guard lock(mutex_);
    if (std::ranges::none_of(held_, holds_difference))
        return false;
    for (FinishedBatch& held : held_) {
        v1::SubscribeResponse message = parsed(held);
        auto& changes = *message.mutable_batch()->mutable_processes();
        changes.erase(
            std::remove_if(changes.begin(), changes.end(),
                           [](const v1::ProcessUpdate& change) { return !change.gone(); }),
            changes.end());
        held_bytes_ -= held.bytes->size();
        held.bytes = std::make_shared<const std::string>(message.SerializeAsString());
        held_bytes_ += held.bytes->size();
    }
    return true;
}

std::map<uint32_t, uint64_t> BatchQueue::take_dropped() {
    const std::lock_guard lock(mutex_);
    return std::exchange(dropped_, {});
}

uint64_t BatchQueue::held_sequence() const {
    const std::lock_guard lock(mutex_);
    return held_.empty() ? next_sequence_ : held_.front().first_sequence;
}

bool BatchQueue::drained() const {
    const std::lock_guard lock(mutex_);
    return taken_number_ + 1 >= next_number_;
}

BatchQueue::Counts BatchQueue::counts() const {
    const std::lock_guard lock(mutex_);
    return {.next_sequence = next_sequence_,
            .acknowledged = acknowledged_,
            .held_events = held_events_,
            .held_bytes = held_bytes_,
            .batches = next_number_ - 1};
}

}  // namespace vedette::probe
