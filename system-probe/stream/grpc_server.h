// SPDX-License-Identifier: Apache-2.0
//
// A gRPC server without a listening port: it serves the connections it is handed.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "common/os/fd.h"
#include "common/result.h"

namespace grpc {
class Server;
class Service;
}  // namespace grpc

namespace vedette::probe {

/// Main thread. Starts gRPC's threads.
class GrpcServer {
   public:
    static Result<std::unique_ptr<GrpcServer>> start(
        std::vector<std::unique_ptr<grpc::Service>> services);
    ~GrpcServer();

    /// A connected socket, non-blocking.
    void serve(UniqueFd peer);
    /// Waits for the calls until then, and cancels what is left.
    void shutdown(std::chrono::milliseconds patience);

   private:
    GrpcServer();
    std::vector<std::unique_ptr<grpc::Service>> services_;
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace vedette::probe
