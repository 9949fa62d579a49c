// SPDX-License-Identifier: Apache-2.0
//
// The consuming end of the two rings, as one stream in the order of time. Pipeline thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "common/os/fd.h"
#include "system-probe/ebpf/record_source.h"

struct ring_buffer;

namespace vedette::probe {

/// A program writes the record of a fork before the child runs, so whatever the child does later finds it in the reserved
/// ring: each record of the common ring is handed over after all reserved ones that are older.
class RingReader {
   public:
    static Result<std::unique_ptr<RingReader>> open(int common_fd, int reserved_fd);
    ~RingReader();
    RingReader(const RingReader&) = delete;
    RingReader& operator=(const RingReader&) = delete;

    /// Hands over at most about 2 * kMaxRecords, so that the caller gets its turn while producers keep up with it.
    /// `sleeps` hears true before the rings are looked at for the last time, and false when that is over: records that wake
    /// nobody may come meanwhile, and stay until the next ones or the end of `timeout`.
    Result<size_t> poll(std::chrono::milliseconds timeout, const RecordSink& sink,
                        const std::function<void(bool)>& sleeps);

    static constexpr size_t kMaxRecords = 1024;

   private:
    RingReader() = default;
    static int on_common(void* self, void* data, size_t size);
    static int on_reserved(void* self, void* data, size_t size);
    Result<> wait(std::chrono::milliseconds timeout);
    Result<size_t> read(const RecordSink& sink);
    int consume(ring_buffer* ring);
    void hand_over(const void* data, size_t size);
    void hand_over_reserved(uint64_t until_ns);

    ring_buffer* common_ = nullptr;
    ring_buffer* reserved_ = nullptr;
    std::deque<std::vector<std::byte>> held_;  ///< of the reserved ring, oldest first
    const RecordSink* sink_ = nullptr;         ///< during poll
    uint64_t newest_common_ns_ = 0;
    size_t common_count_ = 0;
    size_t count_ = 0;
};

}  // namespace vedette::probe
