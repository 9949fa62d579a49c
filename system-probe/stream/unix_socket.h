// SPDX-License-Identifier: Apache-2.0
//
// A listening unix socket whose place in the file system we are sure of. gRPC's own "unix:" listener removes whatever
// stands at the path and asks nobody who connects; this takes the place only if it is free or holds a dead socket of
// ours, in a directory where nobody else can put another one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "common/os/fd.h"
#include "common/result.h"
#include "system-probe/stream/file_lock.h"

namespace vedette::probe {

/// Before any thread starts: changes the umask for a moment.
class UnixSocket {
   public:
    /// Binds and listens, mode 0660, group `group` (if given). Errors: kExists for a second instance or any other
    /// program that listens there; kDenied for something that is no socket of ours, or a directory others can write to.
    static Result<UnixSocket> listen(const std::string& path, std::optional<gid_t> group);

    UnixSocket(UnixSocket&&) = default;
    UnixSocket& operator=(UnixSocket&&) = delete;
    /// Removes the socket, if it is still ours at that path.
    ~UnixSocket();

    int fd() const { return fd_.get(); }
    const std::string& path() const { return path_; }

   private:
    UnixSocket(std::string path, UniqueFd directory, FileLock lock)
        : path_(std::move(path)), directory_(std::move(directory)), lock_(std::move(lock)) {}

    std::string name() const { return path_.substr(path_.rfind('/') + 1); }
    Result<> remove_stale();
    Result<> bind_and_listen(std::optional<gid_t> group);

    std::string path_;
    UniqueFd directory_;  ///< works on without the right to search the path
    FileLock lock_;
    UniqueFd fd_;
    ino_t inode_ = 0;
};

}  // namespace vedette::probe
