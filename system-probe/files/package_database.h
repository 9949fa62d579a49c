// SPDX-License-Identifier: Apache-2.0
//
// Reads the databases of dpkg and apk below a root directory into an index. A container's database is the container's
// word: every size has a bound, and nothing outside the root is read.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "system-probe/files/package_index.h"

namespace vedette::probe {

/// What tells that a database has changed, and whose it is.
struct DatabaseStamp {
    struct File {
        uint64_t device = 0, inode = 0, size = 0;
        int64_t changed_ns = 0;
        bool operator==(const File&) const = default;
    };
    std::vector<File> files;  ///< of each database; all zero: there is none
    uint32_t owner = 0;       ///< uid of the first that there is

    bool any() const;
    bool operator==(const DatabaseStamp&) const = default;
};

DatabaseStamp stamp_databases(int root);
/// Everything below `root` (O_PATH is enough). Empty when there is no database that we know.
PackageIndex read_databases(int root);

// The parts of it.

/// "1:2.3-4" into epoch, version and release.
void set_dpkg_version(v1::Package& package, std::string_view version);
void set_dpkg_source_version(v1::Package& package, std::string_view version);

/// One package of /var/lib/dpkg/status that has files.
struct DpkgPackage {
    v1::Package package;
    std::string_view name;
    std::string_view architecture;
};
/// All of `status`; the views point into it.
std::vector<DpkgPackage> parse_dpkg_status(std::string_view status);

/// The content of /lib/apk/db/installed.
void read_apk(std::string_view installed, PackageIndex& index);

}  // namespace vedette::probe
