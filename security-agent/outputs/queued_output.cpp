// SPDX-License-Identifier: Apache-2.0
#include "security-agent/outputs/queued_output.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace vedette::outputs {

using Clock = std::chrono::steady_clock;

QueuedOutput::QueuedOutput(std::string name, std::unique_ptr<Sink> sink, QueueLimits limits,
                           Metrics& metrics, Logger& logger)
    : name_(std::move(name)),
      sink_(std::move(sink)),
      limits_(limits),
      metrics_(metrics),
      logger_(logger),
      written_(metrics.counter("vedette_agent_output_lines_total", "Lines written.",
                               {{"output", name_}})),
      errors_(metrics.counter("vedette_agent_output_errors_total", "Failed writes.",
                              {{"output", name_}})),
      queued_(metrics.gauge("vedette_agent_output_queued_bytes", "Lines that wait to be written.",
                            {{"output", name_}})),
      thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), ("out-" + name_).substr(0, 15).c_str());
}

QueuedOutput::~QueuedOutput() {
    stop(Clock::now());
}

void QueuedOutput::write(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (stopping_)
        return count_dropped(1, "stopped");
    if (!lines_.empty() && bytes_ + line.size() + 1 > limits_.max_bytes) {
        if (!std::exchange(dropping_, true))
            logger_.error(
                "output {}: {} bytes wait already, alerts are dropped until it takes some", name_,
                bytes_);
        return count_dropped(1, "queue_full");
    }
    lines_.push_back(line + '\n');
    bytes_ += line.size() + 1;
    // A line is alone only while the thread has no use for the sink: it takes one away when it is all written.
    if (lines_.size() == 1 && !reopen_) {
        front_written_ = sink_->write_now(lines_.front());
        if (front_written_ == lines_.front().size())
            return front_done();
    }
    queued_.Set(static_cast<double>(bytes_));
    changed_.notify_one();
}

void QueuedOutput::reopen() {
    const std::lock_guard lock(mutex_);
    reopen_ = true;
    changed_.notify_one();
}

void QueuedOutput::stop(Clock::time_point deadline) {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        deadline_ = deadline;
        changed_.notify_one();
    }
    if (thread_.joinable())
        thread_.join();
    if (lines_.empty())
        return;
    logger_.error("output {}: {} lines could not be written before the stop", name_, lines_.size());
    count_dropped(lines_.size(), "stopped");
    lines_.clear();
}

void QueuedOutput::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return stopping_ || reopen_ || !lines_.empty(); });
        // Not in the middle of a line: its end would stand in another file.
        if (front_written_ == 0 && std::exchange(reopen_, false))
            if (Result<> opened = sink_->reopen(); !opened)
                failed(opened.error());
        if (lines_.empty() && stopping_)
            return;
        if (stopping_ && Clock::now() >= deadline_)
            return;
        if (lines_.empty() || write_front(lock))
            continue;
        const auto retry = Clock::now() + limits_.retry;
        changed_.wait_until(lock, stopping_ ? std::min(retry, deadline_) : retry,
                            [&] { return stopping_ && Clock::now() >= deadline_; });
    }
}

/// Returns false when the sink failed. The lock is open while the sink works.
bool QueuedOutput::write_front(std::unique_lock<std::mutex>& lock) {
    // Only this thread takes from the front, and push_back leaves references to it valid.
    const std::string& line = lines_.front();
    lock.unlock();
    const Result<size_t> written = sink_->write(std::string_view(line).substr(front_written_));
    lock.lock();
    if (!written) {
        failed(written.error());
        return false;
    }
    front_written_ += *written;
    if (front_written_ == line.size())
        front_done();
    return true;
}

void QueuedOutput::front_done() {
    bytes_ -= lines_.front().size();
    front_written_ = 0;
    lines_.pop_front();
    written_.Increment();
    queued_.Set(static_cast<double>(bytes_));
    if (std::exchange(failing_, false))
        logger_.info("output {} works again", name_);
    dropping_ = false;
}

void QueuedOutput::failed(const Error& error) {
    errors_.Increment();
    if (std::exchange(failing_, true))
        return;
    logger_.error("output {}: {}; its lines wait ({} bytes at most) and it is tried every {} ms",
                  name_, error.message, limits_.max_bytes, limits_.retry.count());
}

void QueuedOutput::count_dropped(uint64_t lines, const char* reason) {
    metrics_
        .counter("vedette_agent_alerts_dropped_total", "Lines that an output did not take.",
                 {{"output", name_}, {"reason", reason}})
        .Increment(static_cast<double>(lines));
}

}  // namespace vedette::outputs
