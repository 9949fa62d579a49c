// SPDX-License-Identifier: Apache-2.0
//
// A sink behind a bounded queue and a thread of its own, so that a full disk or a reader that sleeps holds up neither
// the engine nor another output. While nothing waits, a line that the sink takes at once wakes no thread. While the
// sink fails, lines wait and it is tried again; what no longer fits is dropped whole, counted and said once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/outputs/sink.h"

namespace vedette::outputs {

struct QueueLimits {
    size_t max_bytes = 16U << 20;
    std::chrono::milliseconds retry = std::chrono::seconds(1);
};

class QueuedOutput {
   public:
    QueuedOutput(std::string name, std::unique_ptr<Sink> sink, QueueLimits limits, Metrics& metrics,
                 Logger& logger);
    /// stop() without patience.
    ~QueuedOutput();

    /// Any thread; never waits for the sink.
    void write(const std::string& line);
    /// The sink opens its file again before the next line.
    void reopen();
    /// Writes what is queued until `deadline`; what is left then is counted as dropped.
    void stop(std::chrono::steady_clock::time_point deadline);

    const std::string& name() const { return name_; }

   private:
    void run();
    bool write_front(std::unique_lock<std::mutex>& lock);
    void front_done();
    void failed(const Error& error);
    void count_dropped(uint64_t lines, const char* reason);

    std::string name_;
    std::unique_ptr<Sink> sink_;
    QueueLimits limits_;
    Metrics& metrics_;
    Logger& logger_;
    Counter& written_;
    Counter& errors_;
    Gauge& queued_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> lines_;  ///< each with its newline; the first may be partly written
    size_t front_written_ = 0;
    size_t bytes_ = 0;
    bool failing_ = false;
    bool dropping_ = false;
    bool reopen_ = false;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point deadline_;
    std::thread thread_;
};

}  // namespace vedette::outputs
