// SPDX-License-Identifier: Apache-2.0
//
// Hashes of files that have not changed since: the least recently used go first.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace vedette::probe {

/// Nobody can set the change time of an inode, so content that was written again has another one.
struct FileVersion {
    uint64_t device = 0, inode = 0, size = 0;
    int64_t modified_ns = 0, changed_ns = 0;

    static FileVersion of(const struct stat& file);
    auto operator<=>(const FileVersion&) const = default;
};

/// Files thread.
class HashCache {
   public:
    explicit HashCache(size_t max_files) : max_files_(max_files) {}

    /// nullptr: not known. Good until the next call.
    const std::vector<std::string>* find(const FileVersion& version);
    /// `now_ns`: wall clock. What changed a moment ago may change again within one tick of its clock: it is not kept.
    void add(const FileVersion& version, std::vector<std::string> hashes, int64_t now_ns);

    size_t size() const { return places_.size(); }

   private:
    using Entry = std::pair<FileVersion, std::vector<std::string>>;

    size_t max_files_;
    std::list<Entry> entries_;  ///< last used first
    std::map<FileVersion, std::list<Entry>::iterator> places_;
};

}  // namespace vedette::probe
