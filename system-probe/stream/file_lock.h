// SPDX-License-Identifier: Apache-2.0
//
// "Only one of us": a locked file that says whose it is. The lock goes with the process, however that ends; the file
// stays, since removing it would let two processes lock two files of the same name.
#pragma once

#include <string>

#include "common/os/fd.h"
#include "common/result.h"

namespace vedette::probe {

class FileLock {
   public:
    /// Errors: kExists names the process that has it; kDenied when `path` is a symbolic link or no regular file of
    /// ours.
    static Result<FileLock> acquire(const std::string& path);

   private:
    explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace vedette::probe
