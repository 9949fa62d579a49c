// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace vedette::probe {
namespace {

constexpr int kBacklog = 16;

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail(ErrorCode::kInvalid, "socket path '{}' is longer than {} bytes", path,
                    sizeof address.sun_path - 1);
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

/// Somebody who can write into the directory can put a socket of their own in our place.
Result<> check_directory(int fd, const std::string& path) {
    struct stat directory = {};
    if (fstat(fd, &directory) != 0)
        return fail_errno(errno, "directory of '{}'", path);
    const bool ours = directory.st_uid == 0 || directory.st_uid == geteuid();
    const bool shared = (directory.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (!ours || (shared && (directory.st_mode & S_ISVTX) == 0)) {
        return fail(ErrorCode::kDenied,
                    "the directory of socket '{}' belongs to uid {} with mode {:04o}: it must be "
                    "root's or uid {}'s and not writable by others",
                    path, directory.st_uid, directory.st_mode & 07777, geteuid());
    }
    return {};
}

}  // namespace

Result<UnixSocket> UnixSocket::listen(const std::string& path, std::optional<gid_t> group) {
    if (!path.starts_with('/') || path.ends_with('/')) {
        return fail(ErrorCode::kInvalid, "socket path '{}' must be absolute", path);
    }
    const auto parent = path.substr(0, std::max<size_t>(path.rfind('/'), 1));
    auto directory = open_file(parent, O_RDONLY | O_DIRECTORY);
    if (!directory)
        return forward_error(directory, "directory of socket '{}'", path);
    if (auto ok = check_directory(directory->get(), path); !ok)
        return forward_error(ok);
    auto lock = FileLock::acquire(path + ".lock");
    if (!lock)
        return forward_error(lock);
    UnixSocket socket(path, std::move(*directory), std::move(*lock));
    if (auto ok = socket.remove_stale(); !ok)
        return forward_error(ok);
    if (auto ok = socket.bind_and_listen(group); !ok)
        return forward_error(ok);
    return socket;
}

Result<> UnixSocket::remove_stale() {
    struct stat found = {};
    if (fstatat(directory_.get(), name().c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return {};
        return fail_errno(errno, "socket '{}'", path_);
    }
    if (!S_ISSOCK(found.st_mode)) {
        return fail(
            ErrorCode::kDenied,
            "'{}' exists and is no socket: it is not replaced; remove it or set another path",
            path_);
    }
    if (found.st_uid != geteuid()) {
        return fail(
            ErrorCode::kDenied,
            "socket '{}' belongs to uid {}, not to uid {}: it is not replaced; remove it or "
            "set another path",
            path_, found.st_uid, geteuid());
    }
    const auto address = address_of(path_);
    if (!address)
        return tl::unexpected<Error>(address.error());
    const UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int connected =
        connect(probe.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(sockaddr_un));
    if (connected == 0 || errno == EAGAIN) {  // EAGAIN: it listens, and its backlog is full
        return fail(ErrorCode::kExists, "another program listens on '{}'", path_);
    }
    if (errno != ECONNREFUSED)
        return fail_errno(errno, "asking who listens on '{}'", path_);
    if (unlinkat(directory_.get(), name().c_str(), 0) != 0) {
        return fail_errno(errno, "removing the stale socket '{}'", path_);
    }
    return {};
}

Result<> UnixSocket::bind_and_listen(std::optional<gid_t> group) {
    const auto address = address_of(path_);
    if (!address)
        return tl::unexpected<Error>(address.error());
    fd_ = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd_)
        return fail_errno(errno, "socket '{}'", path_);
    const mode_t umask_before = umask(0117);  // 0660 from its first moment, and for our group only
    const int bound =
        bind(fd_.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(sockaddr_un));
    const int bind_errno = errno;
    umask(umask_before);
    if (bound != 0)
        return fail_errno(bind_errno, "binding socket '{}'", path_);
    struct stat made = {};
    if (fstatat(directory_.get(), name().c_str(), &made, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_errno(errno, "socket '{}'", path_);
    }
    inode_ = made.st_ino;
    if (group &&
        fchownat(directory_.get(), name().c_str(), geteuid(), *group, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_errno(errno, "giving socket '{}' to group {}", path_, *group);
    }
    if (::listen(fd_.get(), kBacklog) != 0)
        return fail_errno(errno, "listening on '{}'", path_);
    return {};
}

UnixSocket::~UnixSocket() {
    struct stat found = {};
    if (!fd_ || fstatat(directory_.get(), name().c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (found.st_ino == inode_)
        unlinkat(directory_.get(), name().c_str(), 0);
}

}  // namespace vedette::probe
