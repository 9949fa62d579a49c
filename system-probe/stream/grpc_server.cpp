// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/grpc_server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_posix.h>

namespace vedette::probe {
namespace {

/// The agent sends hellos, acknowledgements and requests: all small.
constexpr int kMaxRequestBytes = 64 * 1024;

/// A connection on which nobody calls anything does not keep its descriptor.
constexpr int kIdleMs = 60'000;

}  // namespace

GrpcServer::GrpcServer() = default;
GrpcServer::~GrpcServer() {
    if (server_)
        shutdown(std::chrono::milliseconds(0));
}

Result<std::unique_ptr<GrpcServer>> GrpcServer::start(
    std::vector<std::unique_ptr<grpc::Service>> services) {
    std::unique_ptr<GrpcServer> server(new GrpcServer);
    server->services_ = std::move(services);
    grpc::ServerBuilder builder;
    for (const auto& service : server->services_)
        builder.RegisterService(service.get());
    builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
    // A connection within the host: what it carries is no question, and to ask it costs a wake-up of both sides.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    server->server_ = builder.BuildAndStart();
    if (!server->server_)
        return fail(ErrorCode::kIo, "the gRPC server did not start");
    return server;
}

void GrpcServer::serve(UniqueFd peer) {
    grpc::AddInsecureChannelFromFd(server_.get(), peer.release());
}

void GrpcServer::shutdown(std::chrono::milliseconds patience) {
    if (!server_)
        return;
    server_->Shutdown(std::chrono::system_clock::now() + patience);
    server_->Wait();
    server_.reset();
}

}  // namespace vedette::probe
