// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/hash_cache.h"

#include <utility>

namespace vedette::probe {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

/// More than a tick of the kernel's coarse clock, and than the two seconds of FAT.
constexpr int64_t kSettled = 3 * kSecond;

int64_t nanoseconds(const timespec& time) {
    return int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

}  // namespace

FileVersion FileVersion::of(const struct stat& file) {
    return {file.st_dev, file.st_ino, static_cast<uint64_t>(file.st_size),
            nanoseconds(file.st_mtim), nanoseconds(file.st_ctim)};
}

const std::vector<std::string>* HashCache::find(const FileVersion& version) {
    const auto found = places_.find(version);
    if (found == places_.end())
        return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
}

void HashCache::add(const FileVersion& version, std::vector<std::string> hashes, int64_t now_ns) {
    if (max_files_ == 0 || now_ns - version.changed_ns < kSettled || places_.contains(version))
        return;
    entries_.emplace_front(version, std::move(hashes));
    places_[version] = entries_.begin();
    if (places_.size() <= max_files_)
        return;
    places_.erase(entries_.back().first);
    entries_.pop_back();
}

}  // namespace vedette::probe
