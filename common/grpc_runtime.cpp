// SPDX-License-Identifier: Apache-2.0
#include "common/grpc_runtime.h"

#include <absl/synchronization/mutex.h>
#include <dlfcn.h>
#include <grpc/grpc.h>
#include <pthread.h>
#include <sys/prctl.h>

#include <chrono>
#include <string_view>

namespace vedette {
namespace {

constexpr auto kTick = std::chrono::seconds(1);
constexpr unsigned long kSlackNs = 500'000'000;

struct TimerFunctions {
    void (*set_threading)(bool) = nullptr;
    void (*tick)() = nullptr;
};

/// gRPC exports them, but no public header has them; empty where the library is another than the one we know.
TimerFunctions timer_functions() {
    constexpr std::string_view kKnown = "29.";  // gRPC 1.51; src/core/lib/iomgr/timer_manager.h
    if (!std::string_view(grpc_version_string()).starts_with(kKnown))
        return {};
    return {reinterpret_cast<void (*)(bool)>(
                dlsym(RTLD_DEFAULT, "_Z32grpc_timer_manager_set_threadingb")),
            reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "_Z23grpc_timer_manager_tickv"))};
}

}  // namespace

/// Debian 12 builds Abseil with its debug mode, in which each lock of gRPC is entered into a graph that is searched for
/// cycles, and a cycle ends the process: that is for who develops gRPC.
///
/// gRPC's own thread for timers looks for some, there are any or not, up to once a second for each half of a CPU: a third
/// of all that we took at rest on two CPUs. One look a second is enough for what ours are about.
GrpcRuntime::GrpcRuntime() {
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    grpc_init();
    const TimerFunctions functions = timer_functions();
    if (!functions.set_threading || !functions.tick)
        return;
    functions.set_threading(false);
    timers_ = std::thread([this, tick = functions.tick] { look_for_timers(tick); });
    pthread_setname_np(timers_.native_handle(), "grpc-timers");
}

GrpcRuntime::~GrpcRuntime() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        stop_requested_.notify_one();
    }
    if (timers_.joinable()) {
        timers_.join();
        timer_functions().set_threading(true);
    }
    grpc_shutdown();
}

void GrpcRuntime::look_for_timers(void (*tick)()) {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        // It may wait until the CPU is up anyhow. Not while it ticks: absl::Mutex sleeps for microseconds, with locks held.
        prctl(PR_SET_TIMERSLACK, kSlackNs, 0, 0, 0);
        stop_requested_.wait_for(lock, kTick, [this] { return stopping_; });
        prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
        lock.unlock();
        tick();
        lock.lock();
    }
}

}  // namespace vedette
