// SPDX-License-Identifier: Apache-2.0
//
// A sink behind a bounded queue and a thread of its own, so that a full disk or a reader that sleeps holds up neither
// the engine nor another output. While nothing waits, a line that the sink takes at once wakes no thread; lines that
// come one after the other share a wake-up. While the sink fails, lines wait and it is tried again; what no longer fits
// is dropped whole, counted and said once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/outputs/sink.h"

namespace vedette::outputs {

struct QueueLimits {
    size_t max_bytes = 16U << 20;
    std::chrono::milliseconds retry = std::chrono::seconds(1);
    /// How long lines wait for others, once what waited was written twice within double that time.
    std::chrono::milliseconds gather{2};
};

class QueuedOutput {
   public:
    QueuedOutput(std::string name, std::unique_ptr<Sink> sink, QueueLimits limits, Metrics& metrics,
                 Logger& logger);
    /// stop() without patience.
    ~QueuedOutput();

    /// Any thread; never waits for the sink.
    void write(std::string_view line);
    /// The sink opens its file again before the next line.
    void reopen();
    /// Writes what is queued until `deadline`; what is left then is counted as dropped.
    void stop(std::chrono::steady_clock::time_point deadline);

    const std::string& name() const { return name_; }

   private:
    using Clock = std::chrono::steady_clock;

    void run();
    void wait_for_retry(std::unique_lock<std::mutex>& lock);
    void gather(std::unique_lock<std::mutex>& lock);
    bool write_some(std::unique_lock<std::mutex>& lock);
    /// Something of so many lines; the last of them is whole or not.
    void note_written(uint64_t lines, bool ends_line);
    size_t bytes() const { return waiting_.size() + taken_.size() - written_; }
    std::string_view unwritten() const { return std::string_view(taken_).substr(written_); }
    void failed(const Error& error);
    void count_dropped(uint64_t lines, const char* reason);

    std::string name_;
    std::unique_ptr<Sink> sink_;
    QueueLimits limits_;
    Metrics& metrics_;
    Logger& logger_;
    Counter& written_lines_;
    Counter& errors_;
    Gauge& queued_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string waiting_;  ///< lines, each with its newline; of the first the beginning may be gone
    std::string taken_;    ///< the same, which only the thread changes
    size_t written_ = 0;   ///< of taken_
    bool in_line_ = false;  ///< the sink has the beginning of a line
    bool failing_ = false;
    bool dropping_ = false;
    bool reopen_ = false;
    bool stopping_ = false;
    bool gathering_ = false;        ///< the thread comes by itself
    Clock::time_point written_at_;  ///< when nothing was left, last
    Clock::time_point deadline_;
    std::thread thread_;
};

}  // namespace vedette::outputs
