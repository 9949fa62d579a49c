// SPDX-License-Identifier: Apache-2.0
//
// A thread that does jobs, one after the other, out of a queue with a bound.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "common/result.h"

namespace vedette::probe {

class WorkerThread {
   public:
    /// Jobs that wait; more are refused.
    static constexpr size_t kMaxWaiting = 1024;

    /// `prepare` runs on the new thread, before any job. Errors: its.
    static Result<std::unique_ptr<WorkerThread>> start(const char* name,
                                                       const std::function<Result<>()>& prepare);
    /// Does what waits, then ends the thread.
    ~WorkerThread();
    WorkerThread(const WorkerThread&) = delete;
    WorkerThread& operator=(const WorkerThread&) = delete;

    /// One after the other, in this order. Any thread; never blocks. False: too much waits, `job` will not run.
    bool post(std::function<void()> job);

   protected:
    WorkerThread() = default;
    Result<> launch(const char* name, const std::function<Result<>()>& prepare);

   private:
    void run();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace vedette::probe
