// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/run_dir.h"

#include <sys/stat.h>
#include <unistd.h>

namespace vedette::probe {

Result<> prepare_run_dir(const std::string& path, mode_t mode) {
    if (!path.starts_with('/')) {
        return fail(ErrorCode::kInvalid, "run_dir '{}' must be an absolute path", path);
    }
    const bool made = mkdir(path.c_str(), mode) == 0;
    if (!made && errno != EEXIST)
        return fail_errno(errno, "creating run_dir '{}'", path);
    if (made && chmod(path.c_str(), mode) != 0) {  // whatever the umask
        return fail_errno(errno, "run_dir '{}'", path);
    }
    struct stat found = {};
    if (lstat(path.c_str(), &found) != 0)
        return fail_errno(errno, "run_dir '{}'", path);
    if (!S_ISDIR(found.st_mode)) {
        return fail(ErrorCode::kDenied, "run_dir '{}' is {}: remove it or set another run_dir",
                    path, S_ISLNK(found.st_mode) ? "a symbolic link" : "no directory");
    }
    if (found.st_uid != geteuid() && found.st_uid != 0) {
        return fail(
            ErrorCode::kDenied,
            "run_dir '{}' belongs to uid {}, not to uid {}: change its owner or set another "
            "run_dir",
            path, found.st_uid, geteuid());
    }
    if (found.st_mode & (S_IWGRP | S_IWOTH)) {
        return fail(ErrorCode::kDenied,
                    "others can write to run_dir '{}' (mode {:04o}): chmod go-w it or set another "
                    "run_dir",
                    path, found.st_mode & 07777);
    }
    return {};
}

}  // namespace vedette::probe
