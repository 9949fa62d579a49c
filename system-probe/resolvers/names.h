// SPDX-License-Identifier: Apache-2.0
//
// Names of user and group ids, from passwd and group of the host: both files are read whole, once, and again when they
// change. No NSS: it loads libraries and talks to daemons, and neither belongs into this process.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <unordered_map>

namespace vedette::probe {

/// One file of lines "name:x:id:...". Pipeline thread.
class NameTable {
   public:
    explicit NameTable(std::string path) : path_(std::move(path)) {}

    /// Empty when there is no such id. The reference is good until refresh().
    const std::string& find(uint32_t id) const;
    /// Looks at the file's inode, size and time, and reads it when they differ.
    void refresh();

   private:
    void parse(const std::string& content);

    std::string path_;
    std::unordered_map<uint32_t, std::string> names_;
    uint64_t inode_ = 0;
    int64_t size_ = -1;
    timespec changed_ = {};
};

/// Users and groups of the host.
struct Names {
    NameTable users{"/etc/passwd"};
    NameTable groups{"/etc/group"};

    void refresh() {
        users.refresh();
        groups.refresh();
    }
};

}  // namespace vedette::probe
