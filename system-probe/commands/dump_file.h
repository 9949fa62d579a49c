// SPDX-License-Identifier: Apache-2.0
//
// Files that a command leaves behind. They tell what no other user may know (command lines, paths), and their names
// are told to an unprivileged process: so the directory is writable by this user alone, each file is new (O_EXCL)
// and readable by this user alone (0400), and only the newest few are kept, for the directory may be memory.
#pragma once

#include <string>
#include <string_view>

#include "common/os/fd.h"
#include "common/result.h"

namespace vedette::probe {

class DumpFile {
   public:
    static constexpr size_t kMaxFiles = 8;

    /// In `directory` (made 0700 when it is missing), removing the oldest of too many. The name begins with `prefix`.
    /// Errors: kDenied when others could write to the directory.
    static Result<DumpFile> create(const std::string& directory, std::string_view prefix,
                                   std::string_view extension);
    DumpFile(DumpFile&&) noexcept = default;
    DumpFile& operator=(DumpFile&&) noexcept = delete;
    /// Removes a file that was not finished.
    ~DumpFile();

    void write(std::string_view text);
    /// Its path. Errors: of the first write that failed; the file is gone then.
    Result<std::string> finish();

   private:
    DumpFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    void flush();

    UniqueFd fd_;
    std::string path_;
    std::string buffer_;
    Result<> written_;
};

}  // namespace vedette::probe
