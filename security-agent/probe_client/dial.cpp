// SPDX-License-Identifier: Apache-2.0
#include "security-agent/probe_client/dial.h"

#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/os/fd.h"

namespace vedette::probe_client {
namespace {

/// Between two processes of one host there is no bandwidth to find out: gRPC would answer each batch with a ping, and
/// its answer would wake both again. Instead several batches fit into the window, and one into a frame.
constexpr int kWindowBytes = 1 << 20;
constexpr int kFrameBytes = 1 << 20;

Result<UniqueFd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        return fail(ErrorCode::kInvalid, "socket path '{}' is longer than {} bytes", path,
                    sizeof(address.sun_path) - 1);
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd)
        return fail_errno(errno, "socket");
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
        return fd;
    switch (errno) {
        case ENOENT:
            return fail(ErrorCode::kNotFound,
                        "there is no socket '{}': system-probe does not run, or "
                        "has another run_dir",
                        path);
        case ECONNREFUSED:
            return fail(ErrorCode::kUnavailable,
                        "nobody listens on '{}': system-probe does not run", path);
        default:
            return fail_errno(errno, "connecting to '{}'", path);
    }
}

Result<> check_peer(int fd, const std::string& path) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return fail_errno(errno, "SO_PEERCRED of '{}'", path);
    if (peer.uid == 0 || peer.uid == geteuid())
        return {};
    return fail(
        ErrorCode::kDenied,
        "'{}' is served by user {} (pid {}), not by root: that is not system-probe; check who "
        "may write to its directory",
        path, peer.uid, peer.pid);
}

}  // namespace

Result<std::shared_ptr<grpc::Channel>> dial(const std::string& path) {
    Result<UniqueFd> fd = connect_to(path);
    if (!fd)
        return forward_error(fd);
    if (Result<> peer = check_peer(fd->get(), path); !peer)
        return forward_error(peer);
    if (fcntl(fd->get(), F_SETFL, O_NONBLOCK) != 0)
        return fail_errno(errno, "fcntl of '{}'", path);
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindowBytes);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kFrameBytes);
    // No retries, statistics, compression, deadlines or limit of what root sends: each would be asked about every message.
    arguments.SetInt(GRPC_ARG_MINIMAL_STACK, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
    // gRPC owns the descriptor from here on.
    return grpc::CreateCustomInsecureChannelFromFd("localhost", fd->release(), arguments);
}

}  // namespace vedette::probe_client
