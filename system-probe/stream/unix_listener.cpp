// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/unix_listener.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/error.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace vedette::probe {
namespace {

constexpr int kBacklog = 16;
constexpr auto kPauseWithoutDescriptors = std::chrono::milliseconds(200);

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.front() != '/' || path.size() >= sizeof(address.sun_path)) {
        return fail(ErrorCode::kInvalid, "socket '{}': must be an absolute path of at most {} bytes", path,
                    sizeof(address.sun_path) - 1);
    }
    path.copy(address.sun_path, path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

Result<UniqueFd> take_lock(const std::string& path) {
    auto file = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (!file) return file;
    if (flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return fail_errno(errno, "locking '{}'", path);
        return fail(ErrorCode::kExists,
                    "'{}' is locked: another system-probe runs with this socket; stop it or give this one "
                    "another run_dir",
                    path);
    }
    return file;
}

Result<UniqueFd> make_socket() {
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return fail_errno(errno, "socket(AF_UNIX)");
    return fd;
}

/// A connect that succeeds, or finds the backlog full, means that somebody listens.
Result<bool> somebody_listens(const sockaddr_un& address) {
    auto probe = make_socket();
    if (!probe) return forward_error(probe);
    return connect(probe->get(), generic(address), sizeof(address)) == 0 || errno == EAGAIN;
}

/// Removes what an earlier run of ours left at the path; everything else is an error.
Result<> clear_path(const std::string& path, const sockaddr_un& address) {
    struct stat found {};
    if (lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return {};
        return fail_errno(errno, "socket '{}'", path);
    }
    if (!S_ISSOCK(found.st_mode)) {
        return fail(ErrorCode::kExists,
                    "socket '{}': something that is not a socket stands there and is left alone; remove it "
                    "or choose another path",
                    path);
    }
    if (found.st_uid != geteuid()) {
        return fail(ErrorCode::kDenied,
                    "socket '{}': belongs to user id {}, not to us; remove it, and see that only root can "
                    "write to its directory",
                    path, found.st_uid);
    }
    auto live = somebody_listens(address);
    if (!live) return forward_error(live);
    if (*live) {
        return fail(ErrorCode::kExists, "socket '{}': another process listens on it", path);
    }
    if (unlink(path.c_str()) != 0) return fail_errno(errno, "removing the old socket '{}'", path);
    return {};
}

Result<ino_t> bind_and_listen(int fd, const UnixListenerOptions& options, const sockaddr_un& address) {
    const mode_t before = umask(0117);  // the socket is born 0660: there is no moment in which others may connect
    const int bound = bind(fd, generic(address), sizeof(address));
    const int bind_errno = errno;
    umask(before);
    if (bound != 0) return fail_errno(bind_errno, "binding socket '{}'", options.path);
    if (lchown(options.path.c_str(), static_cast<uid_t>(-1), options.group) != 0) {
        return fail_errno(errno, "giving socket '{}' to group id {}", options.path, options.group);
    }
    if (listen(fd, kBacklog) != 0) return fail_errno(errno, "listening on '{}'", options.path);
    struct stat made {};
    if (lstat(options.path.c_str(), &made) != 0) return fail_errno(errno, "socket '{}'", options.path);
    return made.st_ino;
}

std::optional<ucred> peer_of(int fd) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer;
}

}  // namespace

Result<std::unique_ptr<UnixListener>> UnixListener::open(boost::asio::io_context& context,
                                                         const UnixListenerOptions& options) {
    auto address = address_of(options.path);
    if (!address) return forward_error(address);
    auto lock = take_lock(options.path + ".lock");
    if (!lock) return forward_error(lock);
    if (auto cleared = clear_path(options.path, *address); !cleared) return forward_error(cleared);
    auto socket = make_socket();
    if (!socket) return forward_error(socket);
    auto inode = bind_and_listen(socket->get(), options, *address);
    if (!inode) return forward_error(inode);
    return std::unique_ptr<UnixListener>(
        new UnixListener(context, options, std::move(*lock), std::move(*socket), *inode));
}

UnixListener::UnixListener(boost::asio::io_context& context, const UnixListenerOptions& options,
                           UniqueFd lock, UniqueFd socket, ino_t inode)
    : options_(options),
      lock_(std::move(lock)),
      socket_(context, socket.release()),
      pause_(context),
      inode_(inode) {}

UnixListener::~UnixListener() {
    struct stat found {};
    if (lstat(options_.path.c_str(), &found) == 0 && found.st_ino == inode_) unlink(options_.path.c_str());
    // The lock file stays: removing it would let two later instances lock two different files of that name.
}

void UnixListener::start(OnPeer on_peer, OnRefused on_refused) {
    on_peer_ = std::move(on_peer);
    on_refused_ = std::move(on_refused);
    wait();
}

void UnixListener::wait() {
    socket_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [this](const boost::system::error_code& error) {
                           if (!error) accept_all();
                       });
}

void UnixListener::accept_all() {
    for (;;) {
        UniqueFd connection(
            accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!connection) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            if (errno == EAGAIN) return wait();
            pause_.expires_after(kPauseWithoutDescriptors);
            return pause_.async_wait([this](const boost::system::error_code& error) {
                if (!error) accept_all();
            });
        }
        const auto peer = peer_of(connection.get());
        if (!peer) continue;
        if (peer->uid == 0 || peer->uid == options_.allowed_uid) {
            on_peer_(std::move(connection), *peer);
        } else {
            connection.reset();
            on_refused_(*peer);
        }
    }
}

}  // namespace vedette::probe
