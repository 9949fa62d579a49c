// SPDX-License-Identifier: Apache-2.0
#include "security-agent/probe_client/command_client.h"

#include "security-agent/probe_client/dial.h"
#include "vedette/v1/command.grpc.pb.h"

namespace vedette::probe_client {

Result<v1::ProbeStatus> probe_status(const std::string& socket_path,
                                     std::chrono::milliseconds timeout) {
    Result<std::shared_ptr<grpc::Channel>> channel = dial(socket_path);
    if (!channel)
        return forward_error(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    v1::ProbeStatus status;
    const grpc::Status result =
        v1::Command::NewStub(*channel)->GetStatus(&context, v1::GetStatusRequest(), &status);
    if (!result.ok())
        return fail(ErrorCode::kUnavailable, "system-probe does not answer on '{}': {}",
                    socket_path, result.error_message());
    return status;
}

Result<v1::DumpNetworkNamespaceResponse> dump_network_namespace(const std::string& socket_path,
                                                                bool snapshot_interfaces,
                                                                std::chrono::milliseconds timeout) {
    Result<std::shared_ptr<grpc::Channel>> channel = dial(socket_path);
    if (!channel)
        return forward_error(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    v1::DumpNetworkNamespaceRequest request;
    request.set_snapshot_interfaces(snapshot_interfaces);
    v1::DumpNetworkNamespaceResponse response;
    const grpc::Status result =
        v1::Command::NewStub(*channel)->DumpNetworkNamespace(&context, request, &response);
    if (!result.ok())
        return fail(ErrorCode::kUnavailable, "system-probe does not answer on '{}': {}",
                    socket_path, result.error_message());
    if (!response.error().empty())
        return fail(ErrorCode::kUnavailable, "system-probe: {}", response.error());
    return response;
}

}  // namespace vedette::probe_client
