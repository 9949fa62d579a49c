// SPDX-License-Identifier: Apache-2.0
//
// The consuming end of the ring buffer. Pipeline thread only.
#pragma once

#include <chrono>
#include <memory>

#include "system-probe/ebpf/record_source.h"

struct ring_buffer;

namespace vedette::probe {

class RingReader {
   public:
    static Result<std::unique_ptr<RingReader>> open(int map_fd);
    ~RingReader();
    RingReader(const RingReader&) = delete;
    RingReader& operator=(const RingReader&) = delete;

    /// Hands over at most kMaxRecords, so that the caller gets its turn while producers keep up with it.
    Result<size_t> poll(std::chrono::milliseconds timeout, const RecordSink& sink);

    static constexpr size_t kMaxRecords = 1024;

   private:
    RingReader() = default;
    static int on_record(void* self, void* data, size_t size);

    ring_buffer* ring_ = nullptr;
    const RecordSink* sink_ = nullptr;  ///< during poll
    size_t count_ = 0;
};

}  // namespace vedette::probe
