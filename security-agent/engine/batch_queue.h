// SPDX-License-Identifier: Apache-2.0
//
// What stands between the stream and the engine: messages of the probe in their order, bounded in bytes. A full
// queue makes the stream's reader wait; gRPC's flow control then holds the probe back, which keeps the newest events
// within its own bound and counts what it drops. Nothing is dropped here.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

/// Thread-safe: one producer, one consumer.
class BatchQueue {
   public:
    /// A message and the arena that all its parts are in: a batch has thousands, which so are made and freed at once.
    struct FreeWithArena {
        void operator()(v1::SubscribeResponse* message) const { delete message->GetArena(); }
    };
    using Item = std::unique_ptr<v1::SubscribeResponse, FreeWithArena>;
    static Item make_item();

    explicit BatchQueue(size_t max_bytes) : max_bytes_(max_bytes) {}

    /// Waits while the queue is full; one message always fits. False once it is closed.
    bool push(Item item);

    /// The next message; null after `timeout` or when it is closed and empty. Taking one says that the one taken
    /// before has been dealt with.
    Item pop(std::chrono::milliseconds timeout);

    /// Waits until every message has been taken and dealt with, or the queue is closed.
    void wait_drained();

    /// push() and wait_drained() return at once from now on; what is queued can still be taken.
    void close();

    bool closed() const;
    size_t bytes() const;

   private:
    struct Entry {
        Item item;
        size_t bytes;
    };
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Entry> items_;
    size_t bytes_ = 0;
    size_t max_bytes_;
    bool busy_ = false;
    bool closed_ = false;
};

}  // namespace vedette::engine
