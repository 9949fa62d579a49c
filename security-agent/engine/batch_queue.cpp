// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/batch_queue.h"

#include <google/protobuf/arena.h>

#include <utility>

namespace vedette::engine {

BatchQueue::Item BatchQueue::make_item() {
    auto arena = std::make_unique<google::protobuf::Arena>();
    Item item(google::protobuf::Arena::CreateMessage<v1::SubscribeResponse>(arena.get()));
    static_cast<void>(arena.release());  // the item's
    return item;
}

bool BatchQueue::push(Item item) {
    // Long texts are not in the arena.
    const size_t bytes = item->GetArena()->SpaceAllocated() + item->ByteSizeLong();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || items_.empty() || bytes_ + bytes <= max_bytes_; });
    if (closed_)
        return false;
    bytes_ += bytes;
    items_.push_back({std::move(item), bytes});
    changed_.notify_all();
    return true;
}

BatchQueue::Item BatchQueue::pop(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (std::exchange(busy_, false))
        changed_.notify_all();
    changed_.wait_for(lock, timeout, [&] { return closed_ || !items_.empty(); });
    if (items_.empty())
        return nullptr;
    Entry entry = std::move(items_.front());
    items_.pop_front();
    bytes_ -= entry.bytes;
    busy_ = true;
    changed_.notify_all();
    return std::move(entry.item);
}

void BatchQueue::wait_drained() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || (items_.empty() && !busy_); });
}

void BatchQueue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

bool BatchQueue::closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

size_t BatchQueue::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

}  // namespace vedette::engine
