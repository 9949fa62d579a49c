// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/engine_thread.h"

#include <pthread.h>

#include <utility>

namespace vedette::engine {

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
        const BatchQueue::Item item = queue_.pop(std::chrono::seconds(1));
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
        acknowledge_(engine_.position().last_sequence);
    }
    engine_.finish();
}

}  // namespace vedette::engine
