// SPDX-License-Identifier: Apache-2.0
//
// Recordings: a 16-byte header, then whole records one after the other, each beginning with its own size. They hold
// what processes did, their arguments and environment: mode 0600.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/os/fd.h"
#include "common/result.h"

namespace vedette::probe {

struct RecordFileHeader {
    char magic[8];
    uint32_t abi_version;
    uint32_t boot_time_s;  ///< seconds since 1970 at which the recorded host's boot clock was zero
};
static_assert(sizeof(RecordFileHeader) == 16);
inline constexpr char kRecordFileMagic[8] = {'V', 'E', 'D', 'R', 'E', 'C', '\r', '\n'};

/// Pipeline thread.
class RecordWriter {
   public:
    /// Errors: kExists when there is a file already (it is never overwritten).
    static Result<RecordWriter> create(const std::string& path, int64_t boot_time_ns);

    /// Buffered. Errors: a full disk; the recording then ends with the last whole record.
    Result<> write(std::span<const std::byte> record);
    Result<> flush();

   private:
    RecordWriter(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    UniqueFd fd_;
    std::string path_;
    std::string buffer_;
};

/// A whole recording in memory, its framing checked up to the records' sizes.
class Recording {
   public:
    /// Errors name the file and the offset: no recording, another ABI version, cut short, larger than 1 GiB.
    static Result<Recording> load(const std::string& path);

    int64_t boot_time_ns() const { return boot_time_ns_; }
    size_t size() const { return offsets_.size(); }
    std::span<const std::byte> record(size_t index) const;

   private:
    std::string bytes_;
    std::vector<size_t> offsets_;
    int64_t boot_time_ns_ = 0;
};

}  // namespace vedette::probe
