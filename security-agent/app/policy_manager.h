// SPDX-License-Identifier: Apache-2.0
//
// Loads the policies, at start and on SIGHUP, and hands them to the engine. Compiling happens on the caller's
// thread, aside from the engine's.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "common/health.h"
#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/engine/engine.h"

namespace vedette::app {

class PolicyManager {
   public:
    /// `health`: beats while rules are loaded.
    PolicyManager(std::string directory, engine::Engine& engine, Metrics& metrics, Logger& logger,
                  std::shared_ptr<Health::Component> health);

    /// A bad rule is skipped and named. A directory that cannot be read, or a file that is unreadable as a whole, leaves
    /// the rules that were loaded before in force, if there were any. Every problem is logged. Any thread.
    void load();

   private:
    void refuse(const std::string& reason);
    void report(const policy::CompiledPolicies& policies);

    std::string directory_;
    engine::Engine& engine_;
    Logger& logger_;
    std::shared_ptr<Health::Component> health_;
    Gauge& rules_;
    Counter& loads_;
    Counter& failures_;
    std::mutex loading_;  ///< one load at a time
    bool loaded_ = false;
};

}  // namespace vedette::app
