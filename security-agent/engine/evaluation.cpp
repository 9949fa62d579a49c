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
    ticked_at_ = Clock::now();
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "engine-timer");
}

void Evaluation::stop() {
    if (!thread_.joinable())
        return;
    stopping_ = true;  // whoever receives lets go of the lock, and takes it no more
    {
        const std::lock_guard lock(mutex_);
        stop_requested_.notify_one();
        acknowledge();
        tick();
        engine_.finish();
    }
    thread_.join();
}

bool Evaluation::receive(const StreamMessage& message) {
    const v1::SubscribeResponse& response = message.response();
    if (stopping_)
        return false;
    const std::lock_guard lock(mutex_);
    if (stopping_)
        return false;
    tick_if_due();
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

/// Under load the timer may not get the lock for a long time.
void Evaluation::tick_if_due() {
    if (Clock::now() - ticked_at_ >= kTick)
        tick();
}

void Evaluation::tick() {
    ticked_at_ = Clock::now();
    health_->beat();
    if (tap_)
        tap_->before(engine_, nullptr);
    engine_.tick();
}

void Evaluation::run() {
    std::unique_lock lock(mutex_);
    while (!stop_requested_.wait_until(lock, ticked_at_ + kTick,
                                       [this] { return stopping_.load(); })) {
        acknowledge();
        tick_if_due();
    }
}

}  // namespace vedette::engine
