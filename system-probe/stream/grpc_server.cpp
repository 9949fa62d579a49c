// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/grpc_server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

#include "system-probe/stream/call_wire.h"

namespace vedette::probe {
namespace {

/// The agent sends hellos, acknowledgements and requests: all small.
constexpr int kMaxRequestBytes = 64 * 1024;

/// A connection on which nobody calls anything does not keep its descriptor.
constexpr int kIdleMs = 60'000;

/// A call of what does not exist.
class Unknown final : public Call {
    void on_start() override {
        finish({grpc::StatusCode::UNIMPLEMENTED, "there is no such method"});
    }
    void on_message(grpc::ByteBuffer& /*message*/) override {}
    void on_closed() override {}
    void on_written(bool /*ok*/) override {}
    void on_end() override {}
};

}  // namespace

GrpcServer::GrpcServer(std::vector<Route> routes)
    : routes_(std::move(routes)),
      service_(std::make_unique<grpc::AsyncGenericService>()),
      open_calls_(std::make_unique<OpenCalls>()),
      called_(new Tag{
          this, [](void* server, bool ok) { static_cast<GrpcServer*>(server)->take_call(ok); }}) {}

GrpcServer::~GrpcServer() {
    shutdown(std::chrono::milliseconds(0));
}

Result<std::unique_ptr<GrpcServer>> GrpcServer::start(std::vector<Route> routes) {
    std::unique_ptr<GrpcServer> server(new GrpcServer(std::move(routes)));
    grpc::ServerBuilder builder;
    builder.RegisterAsyncGenericService(server->service_.get());
    builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
    // A connection within the host: what it carries is no question, and to ask it costs a wake-up of both sides.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    // Nothing is compressed between two processes of a host (what is all the same is malformed), who calls sees to his
    // deadline, and nobody looks at gRPC's own statistics: each would be asked about every message. The limit of a
    // request's size is such a filter, too, and stays.
    for (const char* name :
         {GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION,
          GRPC_ARG_ENABLE_DEADLINE_CHECKS, GRPC_ARG_ENABLE_CHANNELZ})
        builder.AddChannelArgument(name, 0);
    server->events_ = builder.AddCompletionQueue();
    server->server_ = builder.BuildAndStart();
    if (!server->server_)
        return fail(ErrorCode::kIo, "the gRPC server did not start");
    server->wait_for_call();
    server->thread_ = std::thread([raw = server.get()] { raw->run(); });
    pthread_setname_np(server->thread_.native_handle(), "calls");
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
    open_calls_->wait_for_none();  // who still sends would find a queue that takes nothing
    events_->Shutdown();
    if (thread_.joinable())
        thread_.join();
    server_.reset();
}

void GrpcServer::run() {
    void* done = nullptr;
    bool ok = false;
    while (events_->Next(&done, &ok))
        tell(done, ok);
}

void GrpcServer::wait_for_call() {
    next_ = std::make_unique<Call::Wire>(*events_, *open_calls_);
    service_->RequestCall(&next_->context, &next_->stream, events_.get(), events_.get(),
                          called_.get());
}

/// Not `ok`: the server stops, and no call comes any more.
void GrpcServer::take_call(bool ok) {
    if (!ok)
        return;
    auto wire = std::move(next_);
    wait_for_call();
    const auto route = std::ranges::find(routes_, wire->context.method(), &Route::method);
    Call::Wire::begin(std::move(wire),
                      route == routes_.end() ? std::make_shared<Unknown>() : route->make());
}

}  // namespace vedette::probe
