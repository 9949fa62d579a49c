// SPDX-License-Identifier: Apache-2.0
//
// The runtimes behind a list of sockets. They come, go and hang at any time: what does not answer is let go of and
// tried again, later each time.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "system-probe/runtimes/runtime.h"
#include "vedette/v1/command.pb.h"

namespace vedette::probe {

/// One thread, but for fill_status().
class RuntimeSet {
   public:
    using Clock = std::chrono::steady_clock;
    using Open = std::function<Result<std::unique_ptr<ContainerRuntime>>(const std::string&)>;
    /// What has failed is tried again after this, twice that, ...
    static constexpr std::chrono::milliseconds kFirstPause{250};
    static constexpr std::chrono::milliseconds kLongestPause{15'000};

    explicit RuntimeSet(std::vector<std::string> sockets, Open open = open_runtime);

    struct Found {
        std::optional<v1::Workload> workload;
        bool may_come = false;  ///< some runtime is there, and may know more in a moment
    };
    /// Asks them in order.
    Found find(const std::string& id, Clock::time_point now);
    /// Ids of all containers that run. One that does not answer has none.
    std::set<std::string> list(Clock::time_point now);

    /// Some runtime is there, as far as the last question showed.
    bool may_come() const;

    /// From now on nobody is asked. Any thread.
    void stop() { stopping_ = true; }
    /// Any thread.
    void fill_status(v1::WorkloadStatus& status) const;

   private:
    struct Slot {
        std::unique_ptr<ContainerRuntime> runtime;  ///< null: not open
        Clock::time_point next_open;
        std::chrono::milliseconds pause = kFirstPause;
        bool may_come = false;     ///< there is a socket, and what serves it could be one of ours
        v1::RuntimeStatus status;  ///< under the mutex
    };
    ContainerRuntime* opened(Slot& slot, Clock::time_point now);
    void failed(Slot& slot, const Error& error, Clock::time_point now);
    void answered(Slot& slot, Clock::time_point asked);

    Open open_;
    std::vector<Slot> slots_;
    std::atomic<bool> stopping_ = false;
    mutable std::mutex mutex_;
};

}  // namespace vedette::probe
