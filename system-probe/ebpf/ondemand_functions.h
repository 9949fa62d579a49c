// SPDX-License-Identifier: Apache-2.0
//
// Kernel functions that rules name: a program is loaded and attached for each while the probe runs, and taken away when no
// rule names it any more. It writes to the maps of the object that was loaded at the start.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "system-probe/filters/ondemand_point.h"

namespace vedette::probe {

class OnDemandFunctions {
   public:
    /// Descriptor of the map of that name; negative: there is none.
    using MapFd = std::function<int(const char* name)>;

    OnDemandFunctions();
    ~OnDemandFunctions();

    /// On one thread, which has CAP_BPF and CAP_PERFMON. System calls among `points` are only checked: the dispatcher
    /// serves them.
    void watch(std::span<const OnDemandPoint> points, const MapFd& maps);
    /// Which of them are not watched, and why. Any thread.
    std::vector<std::string> warnings() const;

   private:
    struct Watched;

    Result<> check(const OnDemandPoint& point);
    Result<> add(const OnDemandPoint& point, const MapFd& maps);

    std::map<std::string, std::unique_ptr<Watched>> watched_;
    mutable std::mutex mutex_;
    std::vector<std::string> warnings_;  ///< under mutex_
};

}  // namespace vedette::probe
