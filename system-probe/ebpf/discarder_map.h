// SPDX-License-Identifier: Apache-2.0
//
// The kernel's table of discarders. It is no mapped array, so that the kernel can find a whole path in it at once and throw
// out what is of no use any more; changing it takes a system call and CAP_BPF, which one thread has (ADR 12).
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "system-probe/filters/discarder.h"

namespace vedette::probe {

/// Runs a job on the privileged thread; false: it will not run.
using PrivilegedPost = std::function<bool(std::function<void()>)>;

using StoredDiscarder = std::pair<vdt_discarder_key, vdt_discarder>;

/// Pipeline thread.
class DiscarderMap {
   public:
    /// The map must outlive the jobs that are posted.
    explicit DiscarderMap(int map_fd) : map_fd_(map_fd) {}

    void set_privileged(PrivilegedPost post) { post_ = std::move(post); }

    /// To be found from some moment on, by programs whose filters have this revision.
    void add(const Discarder& discarder, uint32_t revision);
    /// `done` gets those of this revision, on the privileged thread. False: it will not be called.
    bool read(uint32_t revision, std::function<void(std::vector<StoredDiscarder>)> done) const;

   private:
    int map_fd_;
    PrivilegedPost post_;
};

}  // namespace vedette::probe
