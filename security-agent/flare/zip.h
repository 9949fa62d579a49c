// SPDX-License-Identifier: Apache-2.0
//
// A zip file being written.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/os/fd.h"
#include "common/result.h"

struct archive;

namespace vedette::flare {

class ZipWriter {
   public:
    /// A new file of mode 0600 in `directory`, with an unguessable name between `prefix` and ".zip".
    static Result<ZipWriter> create(const std::string& directory, const std::string& prefix);
    ZipWriter(ZipWriter&&) noexcept;
    ZipWriter& operator=(ZipWriter&&) = delete;
    /// Removes the file, unless it was finished.
    ~ZipWriter();

    Result<> add(const std::string& name, std::string_view content);
    /// Returns the path.
    Result<std::string> finish();

   private:
    struct ArchiveDeleter {
        void operator()(archive* a) const;
    };
    ZipWriter() = default;
    std::string path_;  ///< empty: nothing to remove
    UniqueFd fd_;
    std::unique_ptr<archive, ArchiveDeleter> archive_;
};

}  // namespace vedette::flare
