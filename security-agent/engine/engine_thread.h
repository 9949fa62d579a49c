// SPDX-License-Identifier: Apache-2.0
//
// The thread that the engine lives on: takes messages from the queue, evaluates, acknowledges.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "common/health.h"
#include "security-agent/engine/batch_queue.h"
#include "security-agent/engine/batch_tap.h"
#include "security-agent/engine/engine.h"

namespace vedette::engine {

class EngineThread {
   public:
    /// `acknowledge` is called with the sequence number of the last evaluated event, when its alerts are with the sink:
    /// some milliseconds later at most, once for all batches of that time. References must outlive the thread. `tap`
    /// null: nobody listens.
    EngineThread(Engine& engine, BatchQueue& queue, std::function<void(uint64_t)> acknowledge,
                 std::shared_ptr<Health::Component> health, BatchTap* tap = nullptr);
    ~EngineThread();

    void start();
    /// Deals with what is still queued, then ends. The queue is closed afterwards.
    void stop();

   private:
    using Clock = std::chrono::steady_clock;

    void run();
    void acknowledge();

    Engine& engine_;
    BatchQueue& queue_;
    std::function<void(uint64_t)> acknowledge_;
    std::shared_ptr<Health::Component> health_;
    BatchTap* tap_;
    bool evaluated_ = false;  ///< something that is not acknowledged
    Clock::time_point acknowledged_at_;
    std::thread thread_;
};

}  // namespace vedette::engine
