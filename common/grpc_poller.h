// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

namespace vedette {

/// How gRPC waits in our daemons (ADR 31). Its epoll asks of each connection when it can be written to, all the time: a
/// unix socket says so whenever the other side has read something, so that each message wakes its sender once more for
/// nothing. With poll(2) gRPC asks for what it waits for, of the one or two connections that we have. First of all in
/// the process: the environment must not change under threads.
inline void choose_grpc_poller() {
    setenv("GRPC_POLL_STRATEGY", "poll", 0);  // an administrator's choice stays
}

}  // namespace vedette
