// SPDX-License-Identifier: Apache-2.0
#include "common/os/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace vedette {

PidFile::~PidFile() {
    if (fd_)
        unlink(path_.c_str());
}

Result<PidFile> PidFile::create(const std::string& path) {
    Result<UniqueFd> fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644);
    if (!fd)
        return forward_error(fd, "pid file");
    // The lock, not the content, says whether its process lives: pids are used again.
    if (flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
        const Result<std::string> pid = read_all(fd->get(), 32, path);
        return fail(ErrorCode::kExists, "another one is running (pid {}, pid file '{}')",
                    pid ? pid->substr(0, pid->find('\n')) : "unknown", path);
    }
    if (ftruncate(fd->get(), 0) != 0)
        return fail_errno(errno, "truncating '{}'", path);
    if (Result<> written = write_all(fd->get(), std::to_string(getpid()) + "\n", path); !written)
        return forward_error(written);
    PidFile file;
    file.fd_ = std::move(*fd);
    file.path_ = path;
    return file;
}

}  // namespace vedette
