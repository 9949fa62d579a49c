// SPDX-License-Identifier: Apache-2.0
//
// Who runs: a file for service managers.
#pragma once

#include <string>

#include "common/os/fd.h"
#include "common/result.h"

namespace vedette {

/// A file with our pid that only one process can hold; it goes with us.
class PidFile {
   public:
    PidFile() = default;
    PidFile(PidFile&&) = default;
    PidFile& operator=(PidFile&&) = default;
    ~PidFile();

    /// Errors: kExists names the process that holds it; kIo when it cannot be written.
    static Result<PidFile> create(const std::string& path);

   private:
    UniqueFd fd_;
    std::string path_;
};

}  // namespace vedette
