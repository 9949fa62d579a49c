// SPDX-License-Identifier: Apache-2.0
//
// When which runtime is asked about which container. A container that appears is asked about at once, and a few times
// more, because its first process runs before its runtime has written it down; what runs anyway is listed every so
// often. Whoever can make a cgroup can make a container id: however many there are, the work is bounded.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "system-probe/runtimes/runtime_set.h"

namespace vedette::probe {

/// One thread; time is what it is told.
class WorkloadFinder {
   public:
    using Clock = RuntimeSet::Clock;
    struct Options {
        std::chrono::milliseconds refresh{30'000};
        size_t max_containers = 4096;
    };
    struct Hooks {
        std::function<void(v1::Workload workload)> found;  ///< METADATA_KNOWN or METADATA_UNKNOWN
        std::function<void(const std::string& id)> ended;  ///< neither in use nor running
    };
    struct Counts {
        uint64_t known = 0;
        uint64_t pending = 0;
        uint64_t unknown = 0;
        uint64_t refused = 0;
    };

    /// `runtimes` must outlive it.
    WorkloadFinder(RuntimeSet& runtimes, Options options, Hooks hooks)
        : runtimes_(runtimes), options_(options), hooks_(std::move(hooks)) {}

    /// A process is in it.
    void ask(const std::string& id, Clock::time_point now);
    /// No process that is known is in it any more.
    void forget(const std::string& id, Clock::time_point now);
    /// Does what is due. Returns when there is more to do.
    Clock::time_point work(Clock::time_point now);

    Counts counts() const;

   private:
    enum class State : uint8_t { kAsked, kKnown, kUnknown };
    struct Entry {
        State state = State::kAsked;
        bool in_use = false;
        bool listed = false;
        unsigned tries = 0;
        Clock::time_point next_try;
    };
    void refresh(Clock::time_point now);
    void look_for(const std::string& id, Entry& entry, Clock::time_point now, bool ask);
    bool make_room();
    void set_known(Entry& entry, v1::Workload workload);
    void give_up(const std::string& id, Entry& entry);

    RuntimeSet& runtimes_;
    Options options_;
    Hooks hooks_;
    std::unordered_map<std::string, Entry> entries_;
    Clock::time_point next_refresh_ = {};  ///< the first one is due at once
    uint64_t refused_ = 0;
};

}  // namespace vedette::probe
