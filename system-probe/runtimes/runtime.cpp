// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/runtime.h"

#include "system-probe/runtimes/cri.h"
#include "system-probe/runtimes/docker_api.h"

namespace vedette::probe {
namespace {

/// A server of gRPC hangs up at once on a request of HTTP/1.
constexpr std::chrono::milliseconds kPingPatience{1000};
constexpr size_t kMaxPing = 4096;

}  // namespace

Result<std::unique_ptr<ContainerRuntime>> open_runtime(const std::string& socket) {
    auto ping = http_get(socket, "/_ping", {.patience = kPingPatience, .max_body = kMaxPing});
    if (ping && ping->status == 200)
        return make_docker_runtime(socket, *ping);
    if (!ping &&
        (ping.error().code == ErrorCode::kNotFound || ping.error().code == ErrorCode::kDenied))
        return forward_error(ping);
    return open_cri_runtime(socket);
}

}  // namespace vedette::probe
