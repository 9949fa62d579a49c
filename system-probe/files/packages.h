// SPDX-License-Identifier: Apache-2.0
//
// The package indexes of the roots that somebody asked about: the host's and those of containers.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <string_view>

#include "system-probe/files/package_database.h"

namespace vedette::probe {

/// Files thread.
class Packages {
   public:
    using Clock = std::chrono::steady_clock;

    explicit Packages(size_t max_bytes) : max_bytes_(max_bytes) {}

    /// The package that brought `path`, in the databases below `root`; reads them when that has not been done, and again
    /// when they have changed. nullptr: none. A file whose owner is no system user of that root has none, whatever its path
    /// says: with a user namespace anybody can make a directory of their own look like /usr/bin.
    const v1::Package* find(int root, std::string_view path, uint32_t file_owner);

    size_t roots() const { return indexes_.size(); }
    size_t bytes() const { return bytes_; }

   private:
    struct Index {
        uint64_t device = 0, inode = 0, mount = 0;  ///< of the root
        DatabaseStamp stamp;
        PackageIndex files;
        size_t bytes = 0;
        Clock::time_point looked_at;  ///< at the stamp
    };
    Index* index_of(int root);
    void read(Index& index, int root, DatabaseStamp stamp);

    size_t max_bytes_;
    size_t bytes_ = 0;
    std::list<Index> indexes_;  ///< last used first
};

}  // namespace vedette::probe
