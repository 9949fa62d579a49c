// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/batcher.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "system-probe/decode/event_type.h"
#include "system-probe/resolvers/process_node.h"

namespace vedette::probe {
namespace {

using google::protobuf::io::CodedOutputStream;

/// Of a field at most: its tag and length.
constexpr size_t kFramingBytes = 12;

/// As the wire wants it: a field that has a length.
constexpr uint32_t tag_of(int field) {
    return static_cast<uint32_t>(field) << 3 | 2;
}

uint8_t* write_framing(int field, size_t size, uint8_t* out) {
    out = CodedOutputStream::WriteVarint32ToArray(tag_of(field), out);
    return CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(size), out);
}

}  // namespace

google::protobuf::ArenaOptions Batcher::scratch_options() {
    google::protobuf::ArenaOptions options;
    options.initial_block = scratch_memory_.data();
    options.initial_block_size = scratch_memory_.size();
    return options;
}

/// Good until the next one is made.
template <typename Message>
Message& Batcher::make() {
    scratch_.Reset();
    return *google::protobuf::Arena::CreateMessage<Message>(&scratch_);
}

void Batcher::append(int field, const google::protobuf::MessageLite& message, size_t size) {
    const size_t at = bytes_.size();
    bytes_.resize(at + kFramingBytes + size);
    auto* const begin = reinterpret_cast<uint8_t*>(bytes_.data());
    uint8_t* const end =
        message.SerializeWithCachedSizesToArray(write_framing(field, size, begin + at));
    bytes_.resize(static_cast<size_t>(end - begin));
}

void Batcher::add_event(const v1::Event& event) {
    const size_t size = event.ByteSizeLong();
    if (!fits(size + kFramingBytes))
        flush();
    const auto type = static_cast<uint32_t>(event.payload_case());
    ++by_type_[type];
    ++delivered_[type];
    append(v1::Batch::kEventsFieldNumber, event, size);
    ++next_sequence_;
    if (++events_ >= kMaxEvents)
        flush();
}

template <typename Update>
void Batcher::add_update(int field, Update& update) {
    update.set_before_event(events_);
    size_t size = update.ByteSizeLong();
    if (!fits(size + kFramingBytes)) {
        flush();
        update.set_before_event(0);
        size = update.ByteSizeLong();
    }
    append(field, update, size);
}

void Batcher::changed(const Image& image) {
    auto& update = make<v1::ProcessUpdate>();
    const Image* parent = image.parent;
    if (differences_ && parent != nullptr && image.program && image.program == parent->program) {
        update.set_program_of(parent->key);
        fill_process(*update.mutable_node(), image, names_);
    } else {
        fill_node(*update.mutable_node(), image, names_);
    }
    add_update(v1::Batch::kProcessesFieldNumber, update);
}

void Batcher::ended(const Image& image) {
    if (!differences_)
        return changed(image);
    auto& update = make<v1::ProcessUpdate>();
    update.mutable_node()->set_key(image.key);
    update.mutable_node()->set_exit_time(image.exit_time);
    update.set_ended(true);
    add_update(v1::Batch::kProcessesFieldNumber, update);
}

void Batcher::gone(const Image& image) {
    auto& update = make<v1::ProcessUpdate>();
    update.mutable_node()->set_key(image.key);
    update.set_gone(true);
    add_update(v1::Batch::kProcessesFieldNumber, update);
}

void Batcher::workload_changed(v1::Workload workload) {
    v1::WorkloadUpdate update;
    *update.mutable_workload() = std::move(workload);
    add_update(v1::Batch::kWorkloadsFieldNumber, update);
}

void Batcher::workload_gone(const std::string& container_id) {
    v1::WorkloadUpdate update;
    update.mutable_workload()->set_container_id(container_id);
    update.set_gone(true);
    add_update(v1::Batch::kWorkloadsFieldNumber, update);
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

bool Batcher::empty() const {
    return lost_.empty() && filter_revision_ == 0 && bytes_.empty();
}

/// As if those events had never been given a number: the agent is told how many there were, and whose. Seldom enough to
/// take the batch apart for it.
void Batcher::drop_events() {
    v1::Batch batch;
    if (!batch.ParseFromString(bytes_))
        return;  // ours: cannot be
    bytes_.clear();
    events_ = 0;
    next_sequence_ -= static_cast<uint64_t>(batch.events_size());
    const auto keep = [this](int field, auto& updates, int& next, int event) {
        for (;
             next < updates.size() && updates[next].before_event() <= static_cast<uint32_t>(event);
             ++next) {
            updates[next].set_before_event(events_);
            append(field, updates[next], updates[next].ByteSizeLong());
        }
    };
    int process = 0;
    int workload = 0;
    const auto keep_changes = [&](int event) {
        keep(v1::Batch::kWorkloadsFieldNumber, *batch.mutable_workloads(), workload, event);
        keep(v1::Batch::kProcessesFieldNumber, *batch.mutable_processes(), process, event);
    };
    for (int i = 0; i < batch.events_size(); ++i) {
        keep_changes(i);
        const v1::Event& event = batch.events(i);
        const auto type = static_cast<uint32_t>(event.payload_case());
        if (is_reserved(type)) {
            append(v1::Batch::kEventsFieldNumber, event, event.ByteSizeLong());
            ++events_;
            ++next_sequence_;
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
    keep_changes(batch.events_size());
}

void Batcher::flush() {
    if (events_ > 0 && queue_.reader_is_behind())
        drop_events();
    add_dropped(queue_.take_dropped());
    if (empty())
        return;
    FinishedBatch finished;
    finished.events = events_;
    finished.first_sequence = next_sequence_ - events_;
    finished.events_by_type = std::exchange(by_type_, {});
    v1::Batch rest;
    rest.set_first_sequence(finished.first_sequence);
    rest.set_number(queue_.next_number());
    rest.set_filter_revision(std::exchange(filter_revision_, 0));
    for (auto& [key, loss] : lost_)
        *rest.add_lost() = std::move(loss);
    lost_.clear();
    rest.AppendToString(&bytes_);
    uint8_t framing[kFramingBytes];
    const uint8_t* end =
        write_framing(v1::SubscribeResponse::kBatchFieldNumber, bytes_.size(), framing);
    auto message = std::make_shared<std::string>();
    message->reserve(static_cast<size_t>(end - framing) + bytes_.size());
    message->append(reinterpret_cast<const char*>(framing), static_cast<size_t>(end - framing));
    message->append(bytes_);
    finished.bytes = std::move(message);
    bytes_.clear();
    events_ = 0;
    queue_.push(std::move(finished));
}

}  // namespace vedette::probe
