// SPDX-License-Identifier: Apache-2.0
//
// Answers what the agent asks about files: hashes, package, what the content is (ADR 13). Asking is cheap and bounded, so
// that nobody can keep the host's disks busy through rules: hashes have a size and a rate, and are kept.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "system-probe/files/file_hashes.h"
#include "system-probe/files/hash_cache.h"
#include "system-probe/files/opener.h"
#include "system-probe/files/packages.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {

/// Files thread; the counters any.
class FileDesk {
   public:
    struct Options {
        bool hashes = true;
        std::vector<HashAlgorithm> algorithms = {HashAlgorithm::kSha1, HashAlgorithm::kSha256};
        uint64_t max_file_size = 5u << 20;
        uint64_t max_hash_rate = 500;  ///< files a second that are read for it
        size_t cache_files = 500;
        size_t package_bytes = 64u << 20;
        bool metadata = false;
        std::string proc = "/proc";
        uint32_t own_pid = 0;  ///< about what this process did nothing is answered; 0: it is
    };
    struct Counts {
        std::atomic<uint64_t> questions = 0;
        std::atomic<uint64_t> hashed = 0;
        std::atomic<uint64_t> cached = 0;   ///< hashes that were known
        std::atomic<uint64_t> limited = 0;  ///< by the rate
        std::atomic<uint64_t> failed = 0;   ///< files that were not found or could not be opened
        std::atomic<uint64_t> cache_files = 0;
        std::atomic<uint64_t> package_roots = 0;
        std::atomic<uint64_t> package_bytes = 0;
    };

    /// `opener` must outlive it.
    FileDesk(Options options, Opener& opener);

    v1::FileAnswer answer(const v1::FileQuestion& question);

    const Counts& counts() const { return counts_; }
    bool stuck() const { return opener_.stuck(); }

   private:
    using Clock = std::chrono::steady_clock;

    Result<UniqueFd> open(const v1::FileQuestion& question);
    void add_content(const v1::FileQuestion& question, v1::FileAnswer& out);
    v1::File::HashState add_hashes(const v1::FileQuestion& question, int fd,
                                   const struct stat& file, v1::FileAnswer& out);
    void add_package(const v1::FileQuestion& question, v1::FileAnswer& out);
    bool within_rate(Clock::time_point now);

    Options options_;
    Opener& opener_;
    HashCache cache_;
    Packages packages_;
    Clock::time_point second_ = {};  ///< when it began
    uint64_t in_second_ = 0;
    Counts counts_;
};

}  // namespace vedette::probe
