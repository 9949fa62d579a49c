// SPDX-License-Identifier: Apache-2.0
#include "security-agent/outputs/queued_output.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace vedette::outputs {
namespace {

/// What room for lines is kept when they are gone.
constexpr size_t kKeptBytes = 1U << 20;

uint64_t lines_in(std::string_view text) {
    uint64_t lines = 0;
    for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n', end + 1))
        ++lines;
    return lines;
}

}  // namespace

QueuedOutput::QueuedOutput(std::string name, std::unique_ptr<Sink> sink, QueueLimits limits,
                           Metrics& metrics, Logger& logger)
    : name_(std::move(name)),
      sink_(std::move(sink)),
      limits_(limits),
      metrics_(metrics),
      logger_(logger),
      written_lines_(metrics.counter("vedette_agent_output_lines_total", "Lines written.",
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

void QueuedOutput::write(std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (stopping_)
        return count_dropped(1, "stopped");
    const size_t before = bytes();
    if (before > 0 && waiting_.size() + taken_.size() + line.size() + 1 > limits_.max_bytes) {
        if (!std::exchange(dropping_, true))
            logger_.error(
                "output {}: {} bytes wait already, alerts are dropped until it takes some", name_,
                before);
        return count_dropped(1, "queue_full");
    }
    // While nothing waits, the thread has no use for the sink.
    const size_t taken = before == 0 && !reopen_ ? sink_->write_now(line) : 0;
    if (taken > line.size())
        return note_written(1, true);
    if (taken > 0)
        note_written(0, false);
    (waiting_ += line.substr(taken)) += '\n';
    queued_.Set(static_cast<double>(bytes()));
    if (!gathering_)
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
    const uint64_t left = lines_in(unwritten()) + lines_in(waiting_);
    if (left == 0)
        return;
    logger_.error("output {}: {} lines could not be written before the stop", name_, left);
    count_dropped(left, "stopped");
    waiting_.clear();
    taken_.clear();
    written_ = 0;
    queued_.Set(0);
}

void QueuedOutput::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return stopping_ || reopen_ || bytes() > 0; });
        // Not in the middle of a line: its end would stand in another file.
        if (!in_line_ && std::exchange(reopen_, false))
            if (Result<> opened = sink_->reopen(); !opened)
                failed(opened.error());
        if (bytes() == 0 && stopping_)
            return;
        if (stopping_ && Clock::now() >= deadline_)
            return;
        if (bytes() == 0)
            continue;
        if (!write_some(lock))
            wait_for_retry(lock);
        else if (bytes() == 0)
            gather(lock);
    }
}

void QueuedOutput::wait_for_retry(std::unique_lock<std::mutex>& lock) {
    const auto retry = Clock::now() + limits_.retry;
    if (changed_.wait_until(lock, retry, [&] { return stopping_; }))
        changed_.wait_until(lock, std::min(retry, deadline_));
}

/// While lines keep coming, they are written some at a time: waking a thread costs more than writing a line.
void QueuedOutput::gather(std::unique_lock<std::mutex>& lock) {
    const auto now = Clock::now();
    const auto before = std::exchange(written_at_, now);
    if (now - before >= 2 * limits_.gather)
        return;
    gathering_ = true;
    changed_.wait_for(lock, limits_.gather, [&] { return stopping_ || reopen_; });
    gathering_ = false;
}

/// Returns false when the sink failed. The lock is open while the sink works: what the thread has taken is its own.
bool QueuedOutput::write_some(std::unique_lock<std::mutex>& lock) {
    if (taken_.empty())
        taken_.swap(waiting_);
    const std::string_view text = unwritten();
    lock.unlock();
    const Result<size_t> count = sink_->write(text);
    lock.lock();
    if (!count) {
        failed(count.error());
        return false;
    }
    const std::string_view done = text.substr(0, *count);
    if (!done.empty())
        note_written(lines_in(done), done.back() == '\n');
    written_ += *count;
    if (written_ == taken_.size()) {
        written_ = 0;
        taken_.clear();
        if (taken_.capacity() > kKeptBytes)
            taken_.shrink_to_fit();
    }
    queued_.Set(static_cast<double>(bytes()));
    return true;
}

void QueuedOutput::note_written(uint64_t lines, bool ends_line) {
    in_line_ = !ends_line;
    if (lines == 0)
        return;
    written_lines_.Increment(static_cast<double>(lines));
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
