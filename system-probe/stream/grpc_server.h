// SPDX-License-Identifier: Apache-2.0
//
// The gRPC server, without a listening port: it serves the connections it is handed. All of gRPC's work is done by one
// thread, which sleeps until somebody sends something: gRPC's own servers keep two that wake each other, and every
// second by themselves.
#pragma once

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "common/os/fd.h"
#include "common/result.h"
#include "system-probe/stream/call.h"

namespace grpc {
class AsyncGenericService;
class Server;
class ServerCompletionQueue;
}  // namespace grpc

namespace vedette::probe {

class OpenCalls;
struct Tag;

/// Main thread. Starts gRPC's threads, and its own.
class GrpcServer {
   public:
    /// Whoever is connected may call any of the routes.
    static Result<std::unique_ptr<GrpcServer>> start(std::vector<Route> routes);
    ~GrpcServer();

    /// A connected socket, non-blocking.
    void serve(UniqueFd peer);
    /// Waits for the calls until then, and cancels what is left.
    void shutdown(std::chrono::milliseconds patience);

   private:
    explicit GrpcServer(std::vector<Route> routes);
    void run();
    void wait_for_call();
    void take_call(bool ok);

    const std::vector<Route> routes_;
    std::unique_ptr<grpc::AsyncGenericService> service_;
    std::unique_ptr<grpc::ServerCompletionQueue> events_;
    std::unique_ptr<grpc::Server> server_;
    std::unique_ptr<OpenCalls> open_calls_;
    std::unique_ptr<Call::Wire> next_;  ///< the call that is waited for
    std::unique_ptr<Tag> called_;       ///< says that it is there
    std::thread thread_;
};

}  // namespace vedette::probe
