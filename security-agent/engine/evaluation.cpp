// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/evaluation.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace vedette::engine {
namespace {

/// An acknowledgement costs both processes as much as a small batch. What is not acknowledged is held by the probe and
/// evaluated again by an agent that comes after a crash.
constexpr auto kAcknowledgeEvery = std::chrono::milliseconds(20);
/// When nothing follows: later, so that while something does the timer finds it acknowledged already.
constexpr auto kAcknowledgeLast = std::chrono::milliseconds(40);
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
        sooner_.notify_one();
        if (evaluated_)
            acknowledge(Clock::now());
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
    note_evaluated();
    return true;
}

/// The timer is only woken where the acknowledgement cannot be sent at once: events that come one by one wake nobody.
void Evaluation::note_evaluated() {
    const auto now = Clock::now();
    if (now - acknowledged_at_ >= kAcknowledgeEvery)
        return acknowledge(now);
    evaluated_ = true;
    if (wakes_at_ > acknowledged_at_ + kAcknowledgeLast)
        sooner_.notify_one();
}

void Evaluation::acknowledge(Clock::time_point now) {
    evaluated_ = false;
    acknowledged_at_ = now;
    acknowledge_(engine_.position());
}

void Evaluation::tick() {
    if (tap_)
        tap_->before(engine_, nullptr);
    engine_.tick();
}

void Evaluation::run() {
    std::unique_lock lock(mutex_);
    auto next_tick = Clock::now() + kTick;
    while (!stopping_) {
        health_->beat();
        wakes_at_ = next_tick;
        if (evaluated_)
            wakes_at_ = std::min(wakes_at_, acknowledged_at_ + kAcknowledgeLast);
        sooner_.wait_until(lock, wakes_at_);
        const auto now = Clock::now();
        if (stopping_)
            return;
        if (evaluated_ && now - acknowledged_at_ >= kAcknowledgeEvery)
            acknowledge(now);
        if (now < next_tick)
            continue;
        next_tick = now + kTick;
        tick();
    }
}

}  // namespace vedette::engine
