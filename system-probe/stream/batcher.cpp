// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/batcher.h"

#include <memory>
#include <string>
#include <utility>

namespace vedette::probe {
namespace {

/// Tag and length of a member of the batch, and before_event.
constexpr size_t kFramingBytes = 12;

}  // namespace

void Batcher::add_event(v1::Event event) {
    const size_t bytes = event.ByteSizeLong() + kFramingBytes;
    make_room(bytes);
    const auto type = static_cast<uint32_t>(event.payload_case());
    ++by_type_[type];
    ++delivered_[type];
    bytes_ += bytes;
    batch().mutable_events()->Add(std::move(event));
    ++next_sequence_;
    if (batch().events_size() >= kMaxEvents)
        flush();
}

v1::ProcessUpdate& Batcher::add_update() {
    auto& update = *batch().add_processes();
    update.set_before_event(static_cast<uint32_t>(batch().events_size()));
    return update;
}

void Batcher::changed(v1::ProcessNode node) {
    const size_t bytes = node.ByteSizeLong() + kFramingBytes;
    make_room(bytes);
    bytes_ += bytes;
    *add_update().mutable_node() = std::move(node);
}

void Batcher::gone(uint64_t key) {
    make_room(kFramingBytes);
    bytes_ += kFramingBytes;
    auto& update = add_update();
    update.mutable_node()->set_key(key);
    update.set_gone(true);
}

void Batcher::make_room(size_t bytes) {
    if (bytes_ + bytes > kMaxBytes)
        flush();
}

void Batcher::add_loss(uint32_t event_type, v1::Loss::Reason reason, uint64_t count) {
    if (count == 0)
        return;
    lost_[{event_type, reason}] += count;
    total_lost_[{event_type, reason}] += count;
}

bool Batcher::empty() const {
    return lost_.empty() && response_.batch().events().empty() &&
           response_.batch().processes().empty();
}

/// As if the events had never been given a number: the agent is told how many there were.
void Batcher::drop_events() {
    for (const auto& [type, count] : by_type_) {
        add_loss(type, v1::Loss::REASON_QUEUE_FULL, count);
        delivered_[type] -= count;
    }
    by_type_.clear();
    next_sequence_ -= static_cast<uint64_t>(batch().events_size());
    batch().clear_events();
    for (auto& update : *batch().mutable_processes())
        update.set_before_event(0);
}

void Batcher::flush() {
    if (batch().events_size() > 0 && queue_.reader_is_behind())
        drop_events();
    for (const auto& [type, count] : queue_.take_dropped()) {
        add_loss(type, v1::Loss::REASON_QUEUE_FULL, count);
    }
    if (empty())
        return;
    for (const auto& [key, count] : lost_) {
        auto& loss = *batch().add_lost();
        loss.set_event_type(key.first);
        loss.set_reason(key.second);
        loss.set_count(count);
    }
    FinishedBatch finished;
    finished.events = static_cast<uint32_t>(batch().events_size());
    finished.first_sequence = next_sequence_ - finished.events;
    batch().set_first_sequence(finished.first_sequence);
    finished.events_by_type = std::exchange(by_type_, {});
    finished.bytes = std::make_shared<const std::string>(response_.SerializeAsString());
    queue_.push(std::move(finished));
    response_.Clear();
    lost_.clear();
    bytes_ = 0;
}

}  // namespace vedette::probe
