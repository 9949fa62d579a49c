// SPDX-License-Identifier: Apache-2.0
//
// Records the event stream of a running agent, in memory: bounded in time and size, one recording at a time, forgotten
// when nobody fetches it. It begins with the processes that are known, so that it can be replayed alone; what variables
// hold is no part of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "common/result.h"
#include "security-agent/engine/batch_tap.h"
#include "security-agent/replay/stream_file.h"

namespace vedette::replay {

class Recorder final : public engine::BatchTap {
   public:
    static constexpr std::chrono::seconds kMaxDuration{600};
    static constexpr size_t kMaxBytes = 128U << 20;
    /// A finished recording that nobody has fetched is forgotten.
    static constexpr std::chrono::seconds kKept{120};

    enum class State : uint8_t { kNone, kRecording, kDone };
    struct Status {
        State state = State::kNone;
        size_t bytes = 0;
        uint64_t events = 0;
        std::string ended;  ///< why: "duration", "size"; a recording without all processes says so
    };

    /// `steady` is monotonic. `looks`: a recording begins, which may wait, or with false is over.
    using Clock = std::function<std::chrono::nanoseconds()>;
    Recorder(StreamInfo info, Clock steady, std::function<int64_t()> wall_ns,
             std::function<void(bool begins)> looks = {});

    /// @name Any thread.
    /// @{
    /// Errors: kExists one is under way, kInvalid out of bounds.
    Result<> start(std::chrono::nanoseconds duration, size_t max_bytes);
    Status status() const;
    /// At most `max` bytes of a finished recording from `offset`; empty at its end. Errors: kNotFound there is none.
    Result<std::string> read(size_t offset, size_t max) const;
    /// Ends and forgets the recording.
    void stop();
    /// @}

    void before(const engine::Engine& engine, const engine::StreamMessage* message) override;

   private:
    Result<> begin_recording(size_t max_bytes, std::chrono::nanoseconds duration);
    void begin(const engine::Engine& engine);
    bool append(std::string_view message);
    void finish(const char* why);

    const StreamInfo info_;
    const Clock steady_;
    const std::function<int64_t()> wall_ns_;
    const std::function<void(bool begins)> looks_;
    std::atomic<bool> active_ = false;  ///< there is something to do for before()

    mutable std::mutex mutex_;
    State state_ = State::kNone;
    bool begun_ = false;
    std::string data_;
    size_t max_bytes_ = 0;
    uint64_t events_ = 0;
    std::string ended_;
    std::chrono::nanoseconds duration_{};
    std::chrono::nanoseconds until_{};  ///< end of the recording, later of its keeping
};

}  // namespace vedette::replay
