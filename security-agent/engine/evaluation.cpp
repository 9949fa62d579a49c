// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/evaluation.h"

#include <pthread.h>

#include <utility>

namespace vedette::engine {
namespace {

/// An acknowledgement costs both processes as much as a small batch. What is not acknowledged is held by the probe and
/// evaluated again by an agent that comes after a crash.
constexpr auto kAcknowledgeEvery = std::chrono::milliseconds(20);
/// What came last of all is acknowledged then, too.
constexpr auto kTick = std::chrono::seconds(1);

}  // namespace

Evaluation::Evaluation(Engine& engine, std::function<void(Position)> acknowledge,
                       std::shared_ptr<Health::Component> health, BatchTap* tap)
    : engine_(engine),
      acknowledge_(std::move(acknowledge)),
      health_(std::move(health)),
      tap_(tap) {}

Evaluation::~Evaluation() {
    stop();
}

void Evaluation::start() {
    health_->beat();
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "engine-timer");
}

void Evaluation::stop() {
    if (!thread_.joinable())
        return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        stop_requested_.notify_one();
        acknowledge();
        tick();
        engine_.finish();
    }
    thread_.join();
}

bool Evaluation::receive(const StreamMessage& message) {
    const v1::SubscribeResponse& response = message.response();
    const std::lock_guard lock(mutex_);
    if (stopping_)
        return false;
    if (response.has_file_answer()) {
        engine_.answer(response.file_answer());
        return true;
    }
    if (tap_)
        tap_->before(engine_, &message);
    if (response.has_welcome())
        engine_.welcome(response.welcome());
    if (!response.has_batch())
        return true;
    engine_.batch(message);
    evaluated_ = true;
    if (Clock::now() - acknowledged_at_ >= kAcknowledgeEvery)
        acknowledge();
    return true;
}

void Evaluation::acknowledge() {
    if (!std::exchange(evaluated_, false))
        return;
    acknowledged_at_ = Clock::now();
    acknowledge_(engine_.position());
}

void Evaluation::tick() {
    if (tap_)
        tap_->before(engine_, nullptr);
    engine_.tick();
}

void Evaluation::run() {
    std::unique_lock lock(mutex_);
    while (!stop_requested_.wait_for(lock, kTick, [this] { return stopping_; })) {
        health_->beat();
        acknowledge();
        tick();
    }
}

}  // namespace vedette::engine
