// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/runtime_watch.h"

#include <pthread.h>

#include <utility>

namespace vedette::probe {

RuntimeWatch::~RuntimeWatch() {
    stop();
}

void RuntimeWatch::stop() {
    runtimes_.stop();
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable())
        thread_.join();
}

void RuntimeWatch::start(WorkloadFinder::Hooks hooks) {
    thread_ = std::thread([this, hooks = std::move(hooks)] { run(hooks); });
    pthread_setname_np(thread_.native_handle(), "runtimes");
}

bool RuntimeWatch::post(News news) {
    {
        const std::lock_guard lock(mutex_);
        if (news_.size() >= kMaxWaiting)
            return false;
        news_.push_back(std::move(news));
    }
    wake_.notify_one();
    return true;
}

void RuntimeWatch::run(const WorkloadFinder::Hooks& hooks) {
    WorkloadFinder finder(runtimes_, options_, hooks);
    auto next = WorkloadFinder::Clock::now();
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait_until(lock, next, [this] { return stopping_ || !news_.empty(); });
        if (stopping_)
            return;
        const auto news = std::exchange(news_, {});
        lock.unlock();
        for (const News& one : news) {
            const auto now = WorkloadFinder::Clock::now();
            one.in_use ? finder.ask(one.id, now) : finder.forget(one.id, now);
        }
        next = finder.work(WorkloadFinder::Clock::now());
        const auto counts = finder.counts();
        lock.lock();
        counts_ = counts;
    }
}

void RuntimeWatch::fill_status(v1::WorkloadStatus& status) const {
    runtimes_.fill_status(status);
    const std::lock_guard lock(mutex_);
    status.set_known(counts_.known);
    status.set_pending(counts_.pending);
    status.set_unknown(counts_.unknown);
    status.set_refused(counts_.refused);
}

}  // namespace vedette::probe
