// SPDX-License-Identifier: Apache-2.0
//
// The thread that talks to container runtimes: the pipeline posts ids to it and never waits. It has no capabilities; the
// sockets are root's, and so is it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "system-probe/runtimes/workload_finder.h"

namespace vedette::probe {

class RuntimeWatch {
   public:
    /// Ids that wait to be looked at; more are refused.
    static constexpr size_t kMaxWaiting = 8192;

    RuntimeWatch(std::vector<std::string> sockets, WorkloadFinder::Options options)
        : runtimes_(std::move(sockets)), options_(options) {}
    ~RuntimeWatch();
    RuntimeWatch(const RuntimeWatch&) = delete;
    RuntimeWatch& operator=(const RuntimeWatch&) = delete;

    /// Once. The hooks are called on its thread.
    void start(WorkloadFinder::Hooks hooks);
    /// Waits for the answer that it waits for. Nothing is asked any more.
    void stop();

    /// @name Any thread, also before start(). False: too much waits, nothing will come of it.
    /// @{
    bool ask(const std::string& id) { return post({id, true}); }
    bool forget(const std::string& id) { return post({id, false}); }
    /// @}

    /// Any thread.
    void fill_status(v1::WorkloadStatus& status) const;

   private:
    struct News {
        std::string id;
        bool in_use = false;
    };
    bool post(News news);
    void run(const WorkloadFinder::Hooks& hooks);

    RuntimeSet runtimes_;
    const WorkloadFinder::Options options_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<News> news_;
    WorkloadFinder::Counts counts_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace vedette::probe
