// SPDX-License-Identifier: Apache-2.0
//
// Which package brought a file, for one root directory: all paths of all packages, 16 bytes each. A path is kept as a hash
// with a secret salt, so that nobody can make a path up that counts as another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vedette/v1/process.pb.h"

namespace vedette::probe {

/// Files thread. Filled once, then read.
class PackageIndex {
   public:
    /// Files beyond it are not known: 16 MiB.
    static constexpr size_t kMaxFiles = 1u << 20;
    static constexpr size_t kMaxPackages = 1u << 16;

    PackageIndex();

    /// Paths that begin with the directory `from` are the same as those that begin with `to`: /bin and /usr/bin.
    void add_alias(std::string from, std::string to);
    /// Returns its number; the last number again when there are too many.
    uint32_t add_package(v1::Package package);
    void add_file(uint32_t package, std::string_view path);
    /// After the last add_file().
    void finish();

    /// nullptr: no package has it.
    const v1::Package* find(std::string_view path) const;

    size_t files() const { return files_.size(); }
    size_t packages() const { return packages_.size(); }
    size_t bytes() const;

   private:
    struct File {
        uint64_t path;
        uint32_t package;
    };
    uint64_t hash(std::string_view path) const;

    std::string salt_;
    std::vector<std::pair<std::string, std::string>> aliases_;
    std::vector<v1::Package> packages_;
    std::vector<File> files_;  ///< by path
};

}  // namespace vedette::probe
