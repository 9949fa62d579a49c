// SPDX-License-Identifier: Apache-2.0
//
// A unix socket that the probe binds itself, because gRPC's own listener unlinks whatever stands at the path and knows
// no peer credentials. A local user must neither take the place of the socket nor talk through it: the path is only
// replaced when it is a dead socket of ours, a lock file keeps a second instance out, and every accepted connection is
// checked with SO_PEERCRED, which the kernel fills at connect(2) and a peer cannot forge (unix(7)).
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>

#include "common/os/fd.h"
#include "common/result.h"

namespace vedette::probe {

struct UnixListenerOptions {
    std::string path;        ///< at most 107 bytes (sun_path)
    uid_t allowed_uid = 0;   ///< besides root
    gid_t group = 0;         ///< the socket's group; its mode is 0660
};

/// Lives on the thread of the io_context it is given.
class UnixListener {
   public:
    /// Takes a connection whose peer is allowed; the descriptor is non-blocking.
    using OnPeer = std::function<void(UniqueFd connection, const ucred& peer)>;
    /// Told of a peer that was refused; its connection is closed already.
    using OnRefused = std::function<void(const ucred& peer)>;

    /// Binds and listens; call before threads start (umask). Errors: kExists, something that is not ours to replace
    /// or a live instance; kDenied, a socket of another user; kInvalid, a path that is too long.
    static Result<std::unique_ptr<UnixListener>> open(boost::asio::io_context& context,
                                                      const UnixListenerOptions& options);

    /// Closes, and removes the socket if it is still the one that was bound here.
    ~UnixListener();
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;

    void start(OnPeer on_peer, OnRefused on_refused);

   private:
    UnixListener(boost::asio::io_context& context, const UnixListenerOptions& options, UniqueFd lock,
                 UniqueFd socket, ino_t inode);
    void wait();
    void accept_all();

    UnixListenerOptions options_;
    UniqueFd lock_;
    boost::asio::posix::stream_descriptor socket_;
    boost::asio::steady_timer pause_;  ///< after EMFILE: the connection stays pending, spinning would not help
    ino_t inode_;
    OnPeer on_peer_;
    OnRefused on_refused_;
};

}  // namespace vedette::probe
