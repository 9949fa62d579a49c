// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/batcher.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "system-probe/decode/event_type.h"

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

v1::WorkloadUpdate& Batcher::add_workload(size_t bytes) {
    make_room(bytes + kFramingBytes);
    bytes_ += bytes + kFramingBytes;
    auto& update = *batch().add_workloads();
    update.set_before_event(static_cast<uint32_t>(batch().events_size()));
    return update;
}

void Batcher::workload_changed(v1::Workload workload) {
    *add_workload(workload.ByteSizeLong()).mutable_workload() = std::move(workload);
}

void Batcher::workload_gone(const std::string& container_id) {
    auto& update = add_workload(container_id.size());
    update.mutable_workload()->set_container_id(container_id);
    update.set_gone(true);
}

void Batcher::make_room(size_t bytes) {
    if (bytes_ + bytes > kMaxBytes)
        flush();
}

void Batcher::add_loss(const v1::Loss& loss) {
    if (loss.count() == 0)
        return;
    const LossKey key{loss.event_type(), loss.reason()};
    total_lost_[key] += loss.count();
    const auto [found, is_new] = lost_.try_emplace({key, loss.cgroup_id()}, loss);
    if (is_new)
        return;
    v1::Loss& sum = found->second;
    sum.set_count(sum.count() + loss.count());
    if (loss.first_time() != 0)
        sum.set_first_time(sum.first_time() == 0 ? loss.first_time()
                                                 : std::min(sum.first_time(), loss.first_time()));
    sum.set_last_time(std::max(sum.last_time(), loss.last_time()));
}

void Batcher::add_dropped(const std::map<uint32_t, uint64_t>& by_type) {
    for (const auto& [type, count] : by_type) {
        v1::Loss loss;
        loss.set_event_type(type);
        loss.set_reason(v1::Loss::REASON_QUEUE_FULL);
        loss.set_count(count);
        add_loss(loss);
    }
}

void Batcher::set_filter_revision(uint64_t revision) {
    batch().set_filter_revision(revision);
}

bool Batcher::empty() const {
    return lost_.empty() && response_.batch().filter_revision() == 0 &&
           response_.batch().events().empty() && response_.batch().processes().empty() &&
           response_.batch().workloads().empty();
}

/// As if those events had never been given a number: the agent is told how many there were, and whose.
void Batcher::drop_events() {
    google::protobuf::RepeatedPtrField<v1::Event> kept;
    std::vector<uint32_t> kept_before;
    for (v1::Event& event : *batch().mutable_events()) {
        kept_before.push_back(static_cast<uint32_t>(kept.size()));
        const auto type = static_cast<uint32_t>(event.payload_case());
        if (is_reserved(type)) {
            kept.Add(std::move(event));
            continue;
        }
        v1::Loss loss;
        loss.set_event_type(type);
        loss.set_reason(v1::Loss::REASON_QUEUE_FULL);
        loss.set_count(1);
        loss.set_cgroup_id(event.cgroup_id());
        loss.set_first_time(event.timestamp());
        loss.set_last_time(event.timestamp());
        add_loss(loss);
        --by_type_[type];
        --delivered_[type];
    }
    kept_before.push_back(static_cast<uint32_t>(kept.size()));
    next_sequence_ -= static_cast<uint64_t>(batch().events_size() - kept.size());
    batch().mutable_events()->Swap(&kept);
    for (auto& update : *batch().mutable_processes())
        update.set_before_event(kept_before.at(update.before_event()));
    for (auto& update : *batch().mutable_workloads())
        update.set_before_event(kept_before.at(update.before_event()));
}

void Batcher::flush() {
    if (batch().events_size() > 0 && queue_.reader_is_behind())
        drop_events();
    add_dropped(queue_.take_dropped());
    if (empty())
        return;
    for (auto& [key, loss] : lost_)
        *batch().add_lost() = std::move(loss);
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
