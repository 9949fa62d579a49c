// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/packages.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

namespace vedette::probe {
namespace {

/// A database that changes all the time costs no more than one reading in this time.
constexpr auto kLookEvery = std::chrono::seconds(2);

/// SYS_UID_MAX of login.defs, and what a distribution's packages keep to.
constexpr uint32_t kSystemUsers = 1000;

}  // namespace

const v1::Package* Packages::find(int root, std::string_view path, uint32_t file_owner) {
    const Index* index = index_of(root);
    if (index == nullptr || !index->stamp.any() || file_owner < index->stamp.owner ||
        file_owner - index->stamp.owner >= kSystemUsers)
        return nullptr;
    return index->files.find(path);
}

Packages::Index* Packages::index_of(int root) {
    struct statx now = {};
    if (statx(root, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, &now) != 0)
        return nullptr;
    const uint64_t device = makedev(now.stx_dev_major, now.stx_dev_minor);
    const uint64_t mount = now.stx_mask & STATX_MNT_ID ? now.stx_mnt_id : 0;
    const auto found = std::ranges::find_if(indexes_, [&](const Index& index) {
        return index.device == device && index.inode == now.stx_ino && index.mount == mount;
    });
    if (found != indexes_.end()) {
        indexes_.splice(indexes_.begin(), indexes_, found);
        Index& index = indexes_.front();
        if (Clock::now() - index.looked_at < kLookEvery)
            return &index;
        if (DatabaseStamp stamp = stamp_databases(root); stamp != index.stamp)
            read(index, root, std::move(stamp));
        index.looked_at = Clock::now();
        return &index;
    }
    Index& index = indexes_.emplace_front();
    index.device = device;
    index.inode = now.stx_ino;
    index.mount = mount;
    read(index, root, stamp_databases(root));
    index.looked_at = Clock::now();
    while (bytes_ > max_bytes_ && indexes_.size() > 1) {
        bytes_ -= indexes_.back().bytes;
        indexes_.pop_back();
    }
    return &index;
}

void Packages::read(Index& index, int root, DatabaseStamp stamp) {
    bytes_ -= index.bytes;
    index.stamp = std::move(stamp);
    index.files = read_databases(root);
    index.bytes = sizeof index + index.files.bytes();
    bytes_ += index.bytes;
}

}  // namespace vedette::probe
