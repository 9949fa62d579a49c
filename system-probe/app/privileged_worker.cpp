// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/privileged_worker.h"

#include <pthread.h>

#include <future>
#include <utility>

#include "system-probe/app/privileges.h"

namespace vedette::probe {

Result<std::unique_ptr<PrivilegedWorker>> PrivilegedWorker::start() {
    std::unique_ptr<PrivilegedWorker> worker(new PrivilegedWorker);
    std::promise<Result<>> kept;
    auto ready = kept.get_future();
    worker->thread_ = std::thread([worker = worker.get(), &kept] {
        pthread_setname_np(pthread_self(), "privileged");
        auto done = keep_worker_privileges();
        const bool usable = done.has_value();
        kept.set_value(std::move(done));
        if (usable)
            worker->run();
    });
    if (auto done = ready.get(); !done)
        return forward_error(done);
    return worker;
}

PrivilegedWorker::~PrivilegedWorker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

bool PrivilegedWorker::post(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        if (jobs_.size() >= kMaxWaiting)
            return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void PrivilegedWorker::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty())
            return;
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr;
        lock.lock();
    }
}

}  // namespace vedette::probe
