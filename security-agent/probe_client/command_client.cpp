// SPDX-License-Identifier: Apache-2.0
#include "security-agent/probe_client/command_client.h"

#include "security-agent/probe_client/dial.h"
#include "vedette/v1/command.grpc.pb.h"

namespace vedette::probe_client {
namespace {

/// `begin(stub, context, queue)` begins the call. How long it may take is seen to here, not by a deadline of gRPC's: its
/// timers are late (ADR 34), and an API request waits for this.
template <typename Response, typename Begin>
Result<Response> ask(const std::string& socket_path, std::chrono::milliseconds timeout,
                     Begin begin) {
    Result<std::shared_ptr<grpc::Channel>> channel = dial(socket_path);
    if (!channel)
        return forward_error(channel);
    const auto stub = v1::Command::NewStub(*channel);
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    Response response;
    grpc::Status status;
    begin(*stub, &context, &queue)->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    const bool answered = queue.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + timeout) ==
                          grpc::CompletionQueue::GOT_EVENT;
    if (!answered) {
        context.TryCancel();
        queue.Next(&tag, &ok);  // its end, which needs nobody else
    }
    queue.Shutdown();
    queue.Next(&tag, &ok);
    if (!answered)
        return fail(ErrorCode::kUnavailable, "system-probe does not answer on '{}' within {} ms",
                    socket_path, timeout.count());
    if (!status.ok())
        return fail(ErrorCode::kUnavailable, "system-probe does not answer on '{}': {}",
                    socket_path, status.error_message());
    return response;
}

}  // namespace

Result<v1::ProbeStatus> probe_status(const std::string& socket_path,
                                     std::chrono::milliseconds timeout) {
    return ask<v1::ProbeStatus>(socket_path, timeout, [](auto& stub, auto* context, auto* queue) {
        return stub.AsyncGetStatus(context, v1::GetStatusRequest(), queue);
    });
}

Result<std::string> probe_settings(const std::string& socket_path,
                                   std::chrono::milliseconds timeout) {
    auto config =
        ask<v1::ProbeConfig>(socket_path, timeout, [](auto& stub, auto* context, auto* queue) {
            return stub.AsyncGetConfig(context, v1::GetConfigRequest(), queue);
        });
    if (!config)
        return forward_error(config);
    return config->yaml();
}

Result<v1::DumpNetworkNamespaceResponse> dump_network_namespace(const std::string& socket_path,
                                                                bool snapshot_interfaces,
                                                                std::chrono::milliseconds timeout) {
    v1::DumpNetworkNamespaceRequest request;
    request.set_snapshot_interfaces(snapshot_interfaces);
    auto response = ask<v1::DumpNetworkNamespaceResponse>(
        socket_path, timeout, [&request](auto& stub, auto* context, auto* queue) {
            return stub.AsyncDumpNetworkNamespace(context, request, queue);
        });
    if (response && !response->error().empty())
        return fail(ErrorCode::kUnavailable, "system-probe: {}", response->error());
    return response;
}

Result<std::string> dump_discarders(const std::string& socket_path,
                                    std::chrono::milliseconds timeout) {
    auto response = ask<v1::DumpDiscardersResponse>(
        socket_path, timeout, [](auto& stub, auto* context, auto* queue) {
            return stub.AsyncDumpDiscarders(context, v1::DumpDiscardersRequest(), queue);
        });
    if (!response)
        return forward_error(response);
    return response->filename();
}

Result<std::string> dump_process_cache(const std::string& socket_path,
                                       const v1::DumpProcessCacheRequest& request,
                                       std::chrono::milliseconds timeout) {
    auto response = ask<v1::DumpProcessCacheResponse>(
        socket_path, timeout, [&request](auto& stub, auto* context, auto* queue) {
            return stub.AsyncDumpProcessCache(context, request, queue);
        });
    if (!response)
        return forward_error(response);
    return response->filename();
}

}  // namespace vedette::probe_client
