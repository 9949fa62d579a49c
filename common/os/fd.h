// SPDX-License-Identifier: Apache-2.0
//
// Files, the careful way: descriptors that close themselves, reads with a bound, writes that are whole or absent.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "common/result.h"

namespace vedette {

/// Owns a file descriptor.
class UniqueFd {
   public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other)
            reset(other.release());
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset(int fd = -1);

   private:
    int fd_ = -1;
};

/// open(2) with O_CLOEXEC, never interrupted. Errors name the path.
Result<UniqueFd> open_file(const std::string& path, int flags, mode_t mode = 0);

/// Reads to the end of the descriptor. Errors: kLimit when there is more than `max_bytes`.
Result<std::string> read_all(int fd, size_t max_bytes, std::string_view name);

/// The whole file, also of /proc and pipes. Errors: kLimit when it is larger than `max_bytes`.
Result<std::string> read_file(const std::string& path, size_t max_bytes);

/// Writes every byte.
Result<> write_all(int fd, std::string_view content, std::string_view name);

/// Readers see the old file or the new one, never a part: written beside it with a name of its own, synced, renamed. A
/// symbolic link at `path` is replaced, not followed. The mode is exactly `mode`, whatever the umask.
Result<> write_file_atomic(const std::string& path, std::string_view content, mode_t mode);

/// The same, but only if `path` does not exist: of several processes exactly one wins, the others get kExists.
Result<> create_file_atomic(const std::string& path, std::string_view content, mode_t mode);

}  // namespace vedette
