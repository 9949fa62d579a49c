// SPDX-License-Identifier: Apache-2.0
//
// How gRPC runs in our daemons.
#pragma once

#include <absl/synchronization/mutex.h>
#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>
#include <sys/prctl.h>

#include <cstdlib>

namespace vedette {

/// How it waits (ADR 31). Its epoll asks of each connection when it can be written to, all the time: a unix socket says
/// so whenever the other side has read something, so that each message wakes its sender once more for nothing. With
/// poll(2) gRPC asks for what it waits for, of the one or two connections that we have. First of all in the process: the
/// environment must not change under threads.
inline void choose_grpc_poller() {
    setenv("GRPC_POLL_STRATEGY", "poll", 0);  // an administrator's choice stays
}

/// Starts it with its threads, before anything else of gRPC is used, with what later threads are to have of the calling one.
/// Those for timers look for some several times a second though there are none (1.51: timer_generic.cc and EventEngine's
/// timer_manager.cc, a window of at most a second by shard). Our timers there are deadlines of seconds. With a slack of
/// a second, which threads inherit (prctl(2), PR_SET_TIMERSLACK), the kernel wakes them when something else is up.
///
/// Debian 12 builds Abseil with its debug mode, in which each lock of gRPC is entered into a graph that is searched for
/// cycles, and a cycle ends the process: that is for who develops gRPC.
inline void start_grpc() {
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    constexpr unsigned long kSlackNs = 1'000'000'000;
    prctl(PR_SET_TIMERSLACK, kSlackNs, 0, 0, 0);
    grpc_init();
    // EventEngine's live as long as somebody uses it.
    static const auto kept = grpc::CreateChannel("unix:/", grpc::InsecureChannelCredentials());
    prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);  // back to the default
}

}  // namespace vedette
