// SPDX-License-Identifier: Apache-2.0
//
// The consuming end of the two rings, as one stream in the order of time. Pipeline thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "common/os/fd.h"
#include "system-probe/ebpf/record_source.h"
#include "system-probe/ebpf/ring.h"

namespace vedette::probe {

/// A program writes the record of a fork before the child runs, so whatever the child does later finds it in the reserved
/// ring: each record of the common ring is handed over after all reserved ones that are older.
class RingReader {
   public:
    static Result<std::unique_ptr<RingReader>> open(int common_fd, int reserved_fd);
    static Result<std::unique_ptr<RingReader>> over(Ring common, Ring reserved);
    RingReader(Ring common, Ring reserved, UniqueFd woken)
        : common_(std::move(common)), reserved_(std::move(reserved)), woken_(std::move(woken)) {}

    /// Hands over at most kMaxRecords, so that the caller gets its turn while producers keep up with it.
    /// `sleeps` hears true before the rings are looked at for the last time, and false when that is over: records that wake
    /// nobody may come meanwhile, and stay until the next ones or the end of `timeout`.
    Result<size_t> poll(std::chrono::milliseconds timeout, const RecordSink& sink,
                        const std::function<void(bool)>& sleeps);

    /// Ends the wait of poll(), this or the next. Any thread.
    void wake();

    static constexpr size_t kMaxRecords = 2048;

   private:
    Result<> wait(std::chrono::milliseconds timeout);
    Result<size_t> read(const RecordSink& sink);
    Result<bool> read_one(const RecordSink& sink);

    Ring common_;
    Ring reserved_;
    UniqueFd woken_;  ///< eventfd
};

}  // namespace vedette::probe
