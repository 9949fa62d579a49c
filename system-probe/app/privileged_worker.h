// SPDX-License-Identifier: Apache-2.0
//
// The threads that keep capabilities after the start (ADR 12). They never read what an attacker can shape further than
// open() and the kernel do.
#pragma once

#include <memory>

#include "system-probe/app/worker_thread.h"

namespace vedette::probe {

/// Both: before drop_privileges(), from a thread that still has everything. What is kept is kept as far as it is there.
/// Errors: the other capabilities could not be dropped.
class PrivilegedWorker final : public WorkerThread {
   public:
    /// Attaches and loads programs as rules come and go: BPF, PERFMON, NET_ADMIN, SYS_PTRACE and DAC_READ_SEARCH.
    static Result<std::unique_ptr<PrivilegedWorker>> start();
    /// Opens files of other processes: SYS_PTRACE and DAC_READ_SEARCH. A thread of its own, because a file system may
    /// keep whoever opens waiting for ever (FUSE: a process of the attacker answers).
    static Result<std::unique_ptr<PrivilegedWorker>> start_opener();

   private:
    PrivilegedWorker() = default;
};

}  // namespace vedette::probe
