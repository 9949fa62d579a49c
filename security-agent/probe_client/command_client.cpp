// SPDX-License-Identifier: Apache-2.0
#include "security-agent/probe_client/command_client.h"

#include "security-agent/probe_client/dial.h"
#include "vedette/v1/command.grpc.pb.h"

namespace vedette::probe_client {

namespace {

/// `call(stub, context)` gives the status of the call.
template <typename Call>
Result<> ask(const std::string& socket_path, std::chrono::milliseconds timeout, Call call) {
    Result<std::shared_ptr<grpc::Channel>> channel = dial(socket_path);
    if (!channel)
        return forward_error(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    const grpc::Status result = call(*v1::Command::NewStub(*channel), context);
    if (!result.ok())
        return fail(ErrorCode::kUnavailable, "system-probe does not answer on '{}': {}",
                    socket_path, result.error_message());
    return {};
}

}  // namespace

Result<v1::ProbeStatus> probe_status(const std::string& socket_path,
                                     std::chrono::milliseconds timeout) {
    v1::ProbeStatus status;
    auto asked = ask(socket_path, timeout, [&status](auto& stub, auto& context) {
        return stub.GetStatus(&context, v1::GetStatusRequest(), &status);
    });
    if (!asked)
        return forward_error(asked);
    return status;
}

Result<std::string> probe_settings(const std::string& socket_path,
                                   std::chrono::milliseconds timeout) {
    v1::ProbeConfig config;
    auto asked = ask(socket_path, timeout, [&config](auto& stub, auto& context) {
        return stub.GetConfig(&context, v1::GetConfigRequest(), &config);
    });
    if (!asked)
        return forward_error(asked);
    return config.yaml();
}

Result<v1::DumpNetworkNamespaceResponse> dump_network_namespace(const std::string& socket_path,
                                                                bool snapshot_interfaces,
                                                                std::chrono::milliseconds timeout) {
    v1::DumpNetworkNamespaceRequest request;
    request.set_snapshot_interfaces(snapshot_interfaces);
    v1::DumpNetworkNamespaceResponse response;
    auto asked = ask(socket_path, timeout, [&](auto& stub, auto& context) {
        return stub.DumpNetworkNamespace(&context, request, &response);
    });
    if (!asked)
        return forward_error(asked);
    if (!response.error().empty())
        return fail(ErrorCode::kUnavailable, "system-probe: {}", response.error());
    return response;
}

Result<std::string> dump_discarders(const std::string& socket_path,
                                    std::chrono::milliseconds timeout) {
    v1::DumpDiscardersResponse response;
    auto asked = ask(socket_path, timeout, [&response](auto& stub, auto& context) {
        return stub.DumpDiscarders(&context, v1::DumpDiscardersRequest(), &response);
    });
    if (!asked)
        return forward_error(asked);
    return response.filename();
}

Result<std::string> dump_process_cache(const std::string& socket_path,
                                       const v1::DumpProcessCacheRequest& request,
                                       std::chrono::milliseconds timeout) {
    v1::DumpProcessCacheResponse response;
    auto asked = ask(socket_path, timeout, [&](auto& stub, auto& context) {
        return stub.DumpProcessCache(&context, request, &response);
    });
    if (!asked)
        return forward_error(asked);
    return response.filename();
}

}  // namespace vedette::probe_client
