// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/open_seen.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace vedette::probe {
namespace {

constexpr size_t kMaxViewers = 16;

/// What answers when it likes, or when somebody else does.
bool is_remote(std::string_view filesystem) {
    static constexpr std::array<std::string_view, 10> kRemote = {
        "9p", "afs", "ceph", "cifs", "coda", "gfs2", "lustre", "ocfs2", "orangefs", "smb3"};
    return filesystem.starts_with("fuse") || filesystem.starts_with("nfs") ||
           std::ranges::find(kRemote, filesystem) != kRemote.end();
}

UniqueFd open_at(int directory, const char* path, uint64_t flags, uint64_t resolve) {
    open_how how = {};
    how.flags = flags | O_CLOEXEC;
    how.resolve = resolve;
    return UniqueFd(static_cast<int>(syscall(SYS_openat2, directory, path, &how, sizeof how)));
}

/// First without waiting for any file system (RESOLVE_CACHED, Linux 5.12): what a process has just used is known.
UniqueFd look_up(int root, const char* path, uint64_t flags) {
    constexpr uint64_t kInside = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    UniqueFd found = open_at(root, path, flags, kInside | RESOLVE_CACHED);
    if (!found && (errno == EAGAIN || errno == EINVAL))
        found = open_at(root, path, flags, kInside);
    return found;
}

uint64_t user_device(uint32_t kernel_device) {
    return makedev(kernel_device >> 20, kernel_device & 0xfffff);
}

/// The inode, and either its mount or its device: a mount has another id in a copied namespace, and stat() may show
/// another device than the kernel's (btrfs, overlayfs).
Result<> check(int fd, const SeenFile& file) {
    struct statx now = {};
    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO | STATX_MNT_ID,
              &now) != 0)
        return fail_errno(errno, "looking at the file");
    const bool same_mount =
        (now.stx_mask & STATX_MNT_ID) && file.mount_id != 0 && now.stx_mnt_id == file.mount_id;
    const bool same_device =
        makedev(now.stx_dev_major, now.stx_dev_minor) == user_device(file.device);
    if (now.stx_ino != file.inode || !(same_mount || same_device))
        return fail(ErrorCode::kNotFound, "another file has its name now");
    if (!S_ISREG(now.stx_mode))
        return fail(ErrorCode::kInvalid, "not a regular file");
    return {};
}

/// From O_PATH, which opens nothing, to a descriptor that can be read.
Result<UniqueFd> reopen(int fd) {
    const std::string path = fmt::format("/proc/thread-self/fd/{}", fd);
    return open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

Result<UniqueFd> take(UniqueFd found, const SeenFile& file) {
    if (auto checked = check(found.get(), file); !checked)
        return forward_error(checked);
    return reopen(found.get());
}

UniqueFd root_of(const Viewers& viewers, uint32_t pid) {
    const std::string process = fmt::format("{}/{}", viewers.proc, pid);
    // A pid may be another process by now: its namespace tells, as far as that matters to a path.
    struct stat ns = {};
    if (viewers.mntns != 0 &&
        (stat((process + "/ns/mnt").c_str(), &ns) != 0 || ns.st_ino != viewers.mntns))
        return {};
    return UniqueFd(::open((process + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

Result<UniqueFd> open_seen(const SeenFile& file, const Viewers& viewers) {
    if (is_remote(file.filesystem))
        return fail(ErrorCode::kUnsupported, "a file system of type {}", file.filesystem);
    auto error = fail(ErrorCode::kNotFound, "no process is left that sees it");
    if (viewers.program && !viewers.pids.empty()) {
        const std::string exe = fmt::format("{}/{}/exe", viewers.proc, viewers.pids.front());
        if (UniqueFd found(::open(exe.c_str(), O_PATH | O_CLOEXEC)); found) {
            auto taken = take(std::move(found), file);
            if (taken || taken.error().code == ErrorCode::kInvalid)
                return taken;
        }
    }
    if (!file.path.starts_with('/'))
        return error;
    for (const uint32_t pid : viewers.pids.first(std::min(viewers.pids.size(), kMaxViewers))) {
        const UniqueFd root = root_of(viewers, pid);
        if (!root)
            continue;
        UniqueFd found = look_up(root.get(), file.path.c_str(), O_PATH | O_NOFOLLOW);
        auto taken = found ? take(std::move(found), file)
                           : Result<UniqueFd>(fail_errno(errno, "'{}'", file.path));
        if (taken || taken.error().code == ErrorCode::kInvalid)
            return taken;
        error = forward_error(taken);
    }
    return error;
}

Result<UniqueFd> open_root(const Viewers& viewers) {
    for (const uint32_t pid : viewers.pids.first(std::min(viewers.pids.size(), kMaxViewers))) {
        if (UniqueFd root = root_of(viewers, pid); root)
            return root;
    }
    return fail(ErrorCode::kNotFound, "no process is left that has this root");
}

Result<UniqueFd> open_below(int root, const std::string& path) {
    const UniqueFd found = look_up(root, path.c_str(), O_PATH);
    if (!found)
        return fail_errno(errno, "'{}'", path);
    struct stat now = {};
    if (fstat(found.get(), &now) != 0)
        return fail_errno(errno, "'{}'", path);
    if (!S_ISREG(now.st_mode))
        return fail(ErrorCode::kInvalid, "'{}' is no regular file", path);
    return reopen(found.get());
}

Result<UniqueFd> open_directory_below(int root, const std::string& path) {
    UniqueFd found = look_up(root, path.c_str(), O_RDONLY | O_DIRECTORY);
    if (!found)
        return fail_errno(errno, "'{}'", path);
    return found;
}

Result<struct stat> stat_below(int root, const std::string& path) {
    const UniqueFd found = look_up(root, path.c_str(), O_PATH);
    struct stat now = {};
    if (!found || fstat(found.get(), &now) != 0)
        return fail_errno(errno, "'{}'", path);
    return now;
}

}  // namespace vedette::probe
