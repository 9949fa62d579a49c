// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/command_client.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <chrono>

#include "vedette/v1/command.grpc.pb.h"
#include "vedette/v1/event_monitoring.grpc.pb.h"

namespace vedette::probe {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);
constexpr auto kHealthPatience = std::chrono::seconds(5);

using Stub = v1::Command::Stub;

template <typename Request, typename Response>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

Result<std::shared_ptr<grpc::Channel>> dial(const std::string& socket_path) {
    if (access(socket_path.c_str(), W_OK) != 0)
        return errno == ENOENT
                   ? fail(ErrorCode::kNotFound,
                          "there is no socket '{}': system-probe does not run, or has another "
                          "run_dir",
                          socket_path)
                   : fail_errno(errno, "socket '{}' (ask as root)", socket_path);
    return grpc::CreateChannel("unix:" + socket_path, grpc::InsecureChannelCredentials());
}

tl::unexpected<Error> refused(const std::string& socket_path, const grpc::Status& status) {
    return fail(ErrorCode::kUnavailable, "system-probe on '{}': {}", socket_path,
                status.error_message());
}

template <typename Request, typename Response>
Result<Response> ask(const std::string& socket_path, Method<Request, Response> method,
                     const Request& request, std::chrono::seconds patience = kPatience) {
    auto channel = dial(socket_path);
    if (!channel)
        return forward_error(channel);
    const auto stub = v1::Command::NewStub(*channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience);
    Response response;
    const grpc::Status status = ((*stub).*method)(&context, request, &response);
    if (!status.ok())
        return refused(socket_path, status);
    return response;
}

}  // namespace

Result<v1::ProbeStatus> ask_status(const std::string& socket_path) {
    return ask(socket_path, &Stub::GetStatus, v1::GetStatusRequest(), kHealthPatience);
}

Result<v1::ProbeConfig> ask_config(const std::string& socket_path) {
    return ask(socket_path, &Stub::GetConfig, v1::GetConfigRequest());
}

Result<std::string> ask_process_dump(const std::string& socket_path,
                                     const v1::DumpProcessCacheRequest& request) {
    auto response = ask(socket_path, &Stub::DumpProcessCache, request);
    if (!response)
        return forward_error(response);
    return response->filename();
}

Result<v1::SelfTestResult> ask_self_test(const std::string& socket_path) {
    return ask(socket_path, &Stub::RunSelfTest, v1::RunSelfTestRequest());
}

Result<v1::ReloadPoliciesResult> ask_reload(const std::string& socket_path) {
    return ask(socket_path, &Stub::ReloadPolicies, v1::ReloadPoliciesRequest());
}

Result<v1::RuleSetReport> ask_rule_set_report(const std::string& socket_path) {
    return ask(socket_path, &Stub::GetRuleSetReport, v1::GetRuleSetReportRequest());
}

Result<> listen_to_processes(const std::string& socket_path, bool snapshot,
                             const std::function<bool(const v1::ProcessEvents&)>& visit) {
    auto channel = dial(socket_path);
    if (!channel)
        return forward_error(channel);
    const auto stub = v1::EventMonitoring::NewStub(*channel);
    grpc::ClientContext context;
    v1::GetProcessEventsRequest request;
    request.set_snapshot(snapshot);
    const auto reader = stub->GetProcessEvents(&context, request);
    v1::ProcessEvents message;
    while (reader->Read(&message)) {
        if (visit(message))
            continue;
        context.TryCancel();
        (void)reader->Finish();
        return {};
    }
    return refused(socket_path, reader->Finish());
}

Result<v1::DumpNetworkNamespaceResponse> ask_network_dump(
    const std::string& socket_path, const v1::DumpNetworkNamespaceRequest& request) {
    auto response = ask(socket_path, &Stub::DumpNetworkNamespace, request);
    if (response && !response->error().empty())
        return fail(ErrorCode::kUnavailable, "{}", response->error());
    return response;
}

Result<std::string> ask_discarder_dump(const std::string& socket_path) {
    auto response = ask(socket_path, &Stub::DumpDiscarders, v1::DumpDiscardersRequest());
    if (!response)
        return forward_error(response);
    return response->filename();
}

}  // namespace vedette::probe
