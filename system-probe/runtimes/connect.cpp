// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/connect.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace vedette::probe {
namespace {

Result<> check_server(int fd, const std::string& path) {
    ucred peer = {};
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return fail_errno(errno, "SO_PEERCRED of '{}'", path);
    if (peer.uid == 0 || peer.uid == geteuid())
        return {};
    return fail(ErrorCode::kDenied,
                "'{}' is served by user {} (pid {}): only root's container runtimes are asked",
                path, peer.uid, peer.pid);
}

}  // namespace

Result<UniqueFd> connect_runtime(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::kInvalid, "socket path '{}' is longer than {} bytes", path,
                    sizeof address.sun_path - 1);
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        return fail_errno(errno, "socket");
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        switch (errno) {
            case ENOENT:
            case ENOTDIR:
                return fail(ErrorCode::kNotFound, "there is no socket '{}'", path);
            case ECONNREFUSED:
                return fail(ErrorCode::kUnavailable, "nobody listens on '{}'", path);
            case EAGAIN:
                return fail(ErrorCode::kUnavailable, "'{}' takes no connection: too many wait",
                            path);
            default:
                return fail_errno(errno, "connecting to '{}'", path);
        }
    }
    if (auto server = check_server(fd.get(), path); !server)
        return forward_error(server);
    return fd;
}

}  // namespace vedette::probe
