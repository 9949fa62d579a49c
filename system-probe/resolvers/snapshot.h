// SPDX-License-Identifier: Apache-2.0
//
// The processes that are there at start. The kernel tells who they are; their arguments and environment are only in
// their own memory, which /proc shows. This is the one place that reads /proc of others, and it does so once: before
// the privileges are dropped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "system-probe/ebpf/record_source.h"

namespace vedette::probe {

/// Counts what it reads.
class ProcFs {
   public:
    explicit ProcFs(std::string root = "/proc") : root_(std::move(root)) {}

    /// The first `max_bytes` of /proc/<pid>/<name>; `truncated`: there were more. Empty when it cannot be read.
    std::string read(uint32_t pid, std::string_view name, size_t max_bytes, bool& truncated);
    const std::string& root() const { return root_; }
    uint64_t reads() const { return reads_; }
    /// Inode of our own pid namespace; 0 when it cannot be read.
    uint64_t own_pid_namespace() const;

   private:
    std::string root_;
    uint64_t reads_ = 0;
};

/// Whole records, parents before children. `procfs` adds ARGV and ENVP items where a record has none; nullptr (a
/// replay): they stay as they are. Errors: the source's.
Result<std::vector<std::string>> take_snapshot(RecordSource& source, ProcFs* procfs);

}  // namespace vedette::probe
