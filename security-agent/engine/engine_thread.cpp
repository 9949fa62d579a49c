// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/engine_thread.h"

#include <pthread.h>

#include <utility>

namespace vedette::engine {
namespace {

/// An acknowledgement costs both processes as much as a small batch. What is not acknowledged is held by the probe and
/// evaluated again by an agent that comes after a crash.
constexpr auto kAcknowledgeEvery = std::chrono::milliseconds(20);
constexpr auto kTick = std::chrono::seconds(1);

}  // namespace

EngineThread::EngineThread(Engine& engine, BatchQueue& queue,
                           std::function<void(uint64_t)> acknowledge,
                           std::shared_ptr<Health::Component> health, BatchTap* tap)
    : engine_(engine),
      queue_(queue),
      acknowledge_(std::move(acknowledge)),
      health_(std::move(health)),
      tap_(tap) {}

EngineThread::~EngineThread() {
    stop();
}

void EngineThread::start() {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "engine");
}

void EngineThread::stop() {
    queue_.close();
    if (thread_.joinable())
        thread_.join();
}

void EngineThread::run() {
    while (true) {
        health_->beat();
        const BatchQueue::Item item =
            queue_.pop(evaluated_ ? std::chrono::milliseconds(kAcknowledgeEvery)
                                  : std::chrono::milliseconds(kTick));
        const auto now = Clock::now();
        // Another stream, perhaps of another probe, whose numbers are others.
        if (item && item->has_welcome())
            evaluated_ = false;
        if (evaluated_ && (!item || now - acknowledged_at_ >= kAcknowledgeEvery)) {
            acknowledge();
            acknowledged_at_ = now;
            if (!item && !queue_.closed())
                continue;
        }
        if (item && item->has_file_answer()) {
            engine_.answer(item->file_answer());
            continue;
        }
        if (tap_)
            tap_->before(engine_, item.get());
        if (!item) {
            engine_.tick();
            if (queue_.closed())
                break;
            continue;
        }
        if (item->has_welcome())
            engine_.welcome(item->welcome());
        if (!item->has_batch())
            continue;
        engine_.batch(*item->mutable_batch());
        evaluated_ = true;
    }
    engine_.finish();
}

void EngineThread::acknowledge() {
    acknowledge_(engine_.position().last_sequence);
    evaluated_ = false;
}

}  // namespace vedette::engine
