// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/command_client.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <chrono>

#include "vedette/v1/command.grpc.pb.h"

namespace vedette::probe {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

/// `call(stub, context)` gives the status of the call.
template <typename Call>
Result<> ask(const std::string& socket_path, Call call) {
    if (access(socket_path.c_str(), W_OK) != 0)
        return errno == ENOENT
                   ? fail(ErrorCode::kNotFound,
                          "there is no socket '{}': system-probe does not run, or has another "
                          "run_dir",
                          socket_path)
                   : fail_errno(errno, "socket '{}' (ask as root)", socket_path);
    auto stub = v1::Command::NewStub(
        grpc::CreateChannel("unix:" + socket_path, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const grpc::Status status = call(*stub, context);
    if (!status.ok())
        return fail(ErrorCode::kUnavailable, "system-probe on '{}': {}", socket_path,
                    status.error_message());
    return {};
}

}  // namespace

Result<v1::ProbeConfig> ask_config(const std::string& socket_path) {
    v1::ProbeConfig config;
    auto asked = ask(socket_path, [&config](auto& stub, auto& context) {
        return stub.GetConfig(&context, v1::GetConfigRequest(), &config);
    });
    if (!asked)
        return forward_error(asked);
    return config;
}

Result<std::string> ask_process_dump(const std::string& socket_path,
                                     const v1::DumpProcessCacheRequest& request) {
    v1::DumpProcessCacheResponse response;
    auto asked = ask(socket_path, [&](auto& stub, auto& context) {
        return stub.DumpProcessCache(&context, request, &response);
    });
    if (!asked)
        return forward_error(asked);
    return response.filename();
}

}  // namespace vedette::probe
