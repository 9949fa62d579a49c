// SPDX-License-Identifier: Apache-2.0
//
// The one thread that keeps capabilities after the start (ADR 12): to attach and load programs as rules come and go, and to
// read files of other processes. It never reads what an attacker can shape further than open() and the kernel do.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "common/result.h"

namespace vedette::probe {

class PrivilegedWorker {
   public:
    /// Jobs that wait; more are refused.
    static constexpr size_t kMaxWaiting = 1024;

    /// Before drop_privileges(), from a thread that still has everything. The new thread keeps BPF, PERFMON, NET_ADMIN,
    /// SYS_PTRACE and DAC_READ_SEARCH, as far as they are there. Errors: the others could not be dropped.
    static Result<std::unique_ptr<PrivilegedWorker>> start();
    /// Does what waits, then ends the thread.
    ~PrivilegedWorker();
    PrivilegedWorker(const PrivilegedWorker&) = delete;
    PrivilegedWorker& operator=(const PrivilegedWorker&) = delete;

    /// One after the other, in this order. Any thread; never blocks. False: too much waits, `job` will not run.
    bool post(std::function<void()> job);

   private:
    PrivilegedWorker() = default;
    void run();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace vedette::probe
