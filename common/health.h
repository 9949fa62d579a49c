// SPDX-License-Identifier: Apache-2.0
//
// Health: each component holds a handle and beats it while it works; whoever asks gets the names of those that
// do and those that do not. Beating is one atomic store, so that any thread can afford it.
#pragma once

#include <atomic>
#include <boost/json/fwd.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/result.h"

namespace vedette {

/// Thread-safe.
class Health {
   public:
    enum class Kind : uint8_t {
        kLiveness,  ///< unhealthy: the process is stuck, restart it
        kReadiness,  ///< unhealthy: it cannot do its work now (no probe, no policy), restarting does not help
    };

    /// Unhealthy until the first beat.
    class Component {
       public:
        Component(std::string name, Kind kind, std::chrono::nanoseconds stale_after);
        /// "I work." Holds for `stale_after` (for ever when that is zero).
        void beat();
        /// "I do not", until the next beat.
        void fail();

        const std::string& name() const { return name_; }
        Kind kind() const { return kind_; }
        bool healthy() const;

       private:
        std::string name_;
        Kind kind_;
        std::chrono::nanoseconds stale_after_;
        std::atomic<int64_t> last_beat_ns_ = 0;  ///< steady clock; 0: failed or never
    };

    /// The component is forgotten when the handle goes.
    std::shared_ptr<Component> add(std::string name, Kind kind,
                                   std::chrono::nanoseconds stale_after = std::chrono::seconds(30));

    struct Snapshot {
        std::vector<std::string> healthy;
        std::vector<std::string> unhealthy;
        bool ok() const { return unhealthy.empty(); }
    };
    /// Never takes longer than 100 ms: when the registry itself is stuck, "health" is the unhealthy one.
    Snapshot liveness() const;
    Snapshot readiness() const;  ///< readiness and liveness components

   private:
    Snapshot snapshot(bool liveness_only) const;
    mutable std::timed_mutex mutex_;
    mutable std::vector<std::weak_ptr<Component>> components_;
};

/// {"Healthy": [...], "Unhealthy": [...]}, sorted.
boost::json::object to_json(const Health::Snapshot& snapshot);

}  // namespace vedette
