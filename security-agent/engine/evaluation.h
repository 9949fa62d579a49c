// SPDX-License-Identifier: Apache-2.0
//
// The engine at work: whoever reads the stream evaluates what has come, so that no other thread has to be woken for it
// (ADR 31). While it does, nothing is read; gRPC's flow control then holds the probe back, which keeps the newest events
// within its own bound and counts what it drops. What is due when nothing comes is done by a thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "common/health.h"
#include "security-agent/engine/batch_tap.h"
#include "security-agent/engine/engine.h"

namespace vedette::engine {

class Evaluation {
   public:
    /// `acknowledge` is called with the position behind the last evaluated event, when its alerts are with the sink: once
    /// for all batches of some milliseconds, and for the last of them a second later. References must outlive the
    /// evaluation. `health` beats while the engine is not stuck. `tap` null: nobody listens.
    Evaluation(Engine& engine, std::function<void(Position)> acknowledge,
               std::shared_ptr<Health::Component> health, BatchTap* tap = nullptr);
    ~Evaluation();

    void start();
    /// What the stream has brought, in its order; returns when it is evaluated. Any one thread. False: it has stopped, and
    /// the message was left alone.
    bool receive(const StreamMessage& message);
    /// After what is being evaluated: the last acknowledgement, and a decision on all events that wait for one.
    void stop();

   private:
    using Clock = std::chrono::steady_clock;

    void run();
    void acknowledge();
    void tick_if_due();
    void tick();

    Engine& engine_;
    const std::function<void(Position)> acknowledge_;
    const std::shared_ptr<Health::Component> health_;
    BatchTap* const tap_;

    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;  ///< held by whoever is with the engine: guards everything below
    std::condition_variable stop_requested_;
    bool evaluated_ = false;  ///< something that is not acknowledged
    Clock::time_point acknowledged_at_;
    Clock::time_point ticked_at_;
    std::thread thread_;
};

}  // namespace vedette::engine
