// SPDX-License-Identifier: Apache-2.0
//
// Puts the packet filters of rules into the kernel: compiled and translated here, without a capability; loaded by the
// thread that has some. Texts of the old filters and the new ones do not mix: each set has its half of packet_filters.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "system-probe/ebpf/record_source.h"

namespace vedette::probe {

/// Pipeline thread, but for the job it posts: that must have run before this goes.
class PacketFilters {
   public:
    struct Maps {
        int steps_in = -1;
        int steps_out = -1;
        int filters = -1;
    };

    /// The maps must stay open. `rate`: events a second that one filter may make.
    PacketFilters(Maps maps, uint32_t rate) : maps_(maps), rate_(rate) {}

    /// Loads a filter as rules have them, so that problem() says what this kernel refuses. While this thread still may.
    void try_out();
    void set_privileged(PrivilegedPost post) { post_ = std::move(post); }
    /// Instead of those before, which stay in force until settled(). Without a thread that may load them nothing happens.
    void apply(const std::vector<std::string>& expressions);
    bool settled() const { return waiting_ == 0; }
    /// What of the last apply() is not in force, and why; empty: all is. Also any thread.
    std::string problem() const;

   private:
    struct Set;
    Result<> load(const Set& set) const;
    void report(std::string problem);

    Maps maps_;
    uint32_t rate_;
    PrivilegedPost post_;
    std::vector<std::string> expressions_;
    bool second_half_ = false;
    std::atomic<unsigned> waiting_ = 0;  ///< jobs
    mutable std::mutex mutex_;
    std::string problem_;
};

}  // namespace vedette::probe
