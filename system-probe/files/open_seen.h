// SPDX-License-Identifier: Apache-2.0
//
// Opens a file as another process sees it, and makes sure that it is the one the kernel spoke of. The path is somebody
// else's, and so are the directories, links and mounts on the way: nothing outside the process's root is reached, no
// device or fifo is opened, and a file that has been put in the place of another is not taken for it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <span>
#include <string>

#include "common/os/fd.h"
#include "common/result.h"

namespace vedette::probe {

/// A file as a record has it.
struct SeenFile {
    std::string path;  ///< absolute, below the root of the process
    uint64_t inode = 0;
    uint32_t device = 0;    ///< super_block.s_dev
    uint32_t mount_id = 0;  ///< 0: not known
    std::string filesystem;
};

/// Processes, best first, by which a file or a root is looked for.
struct Viewers {
    std::span<const uint32_t> pids;
    bool program = false;  ///< the first one may run the file that is looked for
    uint32_t mntns = 0;    ///< their mount namespace; 0: not known
    std::string proc = "/proc";
};

/// The content of a regular file, for reading. Needs SYS_PTRACE, and DAC_READ_SEARCH for what is not everybody's. May wait
/// for ever: a file system answers when it likes, and FUSE is some process.
/// Errors: kNotFound (no viewer is left, or none sees that inode by that path), kInvalid (no regular file), kUnsupported (a
/// file system that is another host's or process's), kDenied, kIo.
Result<UniqueFd> open_seen(const SeenFile& file, const Viewers& viewers);

/// The root directory of the first viewer that is in the mount namespace, to look things up in (O_PATH). Errors: kNotFound.
Result<UniqueFd> open_root(const Viewers& viewers);

/// A regular file below the directory `root`, where links, ".." included, do not lead out of it. Errors: as open_seen.
Result<UniqueFd> open_below(int root, const std::string& path);
/// A directory, as open_below.
Result<UniqueFd> open_directory_below(int root, const std::string& path);
/// What open_below would open, and of whatever kind it is.
Result<struct stat> stat_below(int root, const std::string& path);

}  // namespace vedette::probe
