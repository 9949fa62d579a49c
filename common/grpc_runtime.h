// SPDX-License-Identifier: Apache-2.0
//
// How gRPC runs in our daemons.
#pragma once

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace vedette {

/// How it waits (ADR 31). Its epoll asks of each connection when it can be written to, all the time: a unix socket says
/// so whenever the other side has read something, so that each message wakes its sender once more for nothing. With
/// poll(2) gRPC asks for what it waits for, of the one or two connections that we have. First of all in the process: the
/// environment must not change under threads.
inline void choose_grpc_poller() {
    setenv("GRPC_POLL_STRATEGY", "poll", 0);  // an administrator's choice stays
}

/// What gRPC runs with, from before its first use to after its last. Its threads have the privileges of the one that makes
/// it. While it is there, timers of gRPC, and so its deadlines, are up to 1.5 s late (ADR 34).
class GrpcRuntime {
   public:
    GrpcRuntime();
    ~GrpcRuntime();
    GrpcRuntime(const GrpcRuntime&) = delete;
    GrpcRuntime& operator=(const GrpcRuntime&) = delete;

   private:
    void look_for_timers(void (*tick)());

    std::mutex mutex_;
    std::condition_variable stop_requested_;
    bool stopping_ = false;
    std::thread timers_;
};

}  // namespace vedette
