// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/worker_thread.h"

#include <pthread.h>

#include <future>
#include <utility>

namespace vedette::probe {

Result<std::unique_ptr<WorkerThread>> WorkerThread::start(
    const char* name, const std::function<Result<>()>& prepare) {
    std::unique_ptr<WorkerThread> worker(new WorkerThread);
    if (auto launched = worker->launch(name, prepare); !launched)
        return forward_error(launched);
    return worker;
}

Result<> WorkerThread::launch(const char* name, const std::function<Result<>()>& prepare) {
    std::promise<Result<>> prepared;
    auto ready = prepared.get_future();
    thread_ = std::thread([this, name, &prepare, &prepared] {
        pthread_setname_np(pthread_self(), name);
        auto done = prepare();
        const bool usable = done.has_value();
        prepared.set_value(std::move(done));
        if (usable)
            run();
    });
    return ready.get();
}

WorkerThread::~WorkerThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable())
        thread_.join();
}

bool WorkerThread::post(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || jobs_.size() >= kMaxWaiting)
            return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void WorkerThread::run() {
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
