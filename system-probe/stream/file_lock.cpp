// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace vedette::probe {
namespace {

/// The pid that the owner has written, for the message only.
std::string owner_of(int fd) {
    std::array<char, 16> text = {};
    const ssize_t length = pread(fd, text.data(), text.size() - 1, 0);
    std::string pid(text.data(), length > 0 ? static_cast<size_t>(length) : 0);
    pid.resize(std::min(pid.size(), pid.find_first_not_of("0123456789")));
    return pid.empty() ? "unknown pid" : "pid " + pid;
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path) {
    auto fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (!fd)
        return forward_error(fd, "lock file");
    struct stat file = {};
    if (fstat(fd->get(), &file) != 0)
        return fail_errno(errno, "lock file '{}'", path);
    if (!S_ISREG(file.st_mode) || file.st_uid != geteuid()) {
        return fail(ErrorCode::kDenied, "'{}' is not a regular file of uid {}: remove it", path,
                    geteuid());
    }
    if (flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fail_errno(errno, "locking '{}'", path);
        return fail(ErrorCode::kExists, "another system-probe is running ({}, it holds '{}')",
                    owner_of(fd->get()), path);
    }
    if (ftruncate(fd->get(), 0) != 0)
        return fail_errno(errno, "lock file '{}'", path);
    auto written = write_all(fd->get(), fmt::format("{}\n", getpid()), path);
    if (!written)
        return forward_error(written);
    return FileLock(std::move(*fd));
}

}  // namespace vedette::probe
