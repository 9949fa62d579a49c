// SPDX-License-Identifier: Apache-2.0
//
// Finished batches, held until the agent has acknowledged them, within a bound of bytes: the pipeline thread puts them
// in, whoever sends takes them out. An agent that is gone costs the oldest batches; one that is there but slow costs
// the newest events, because what it has not taken yet must not be pulled away under it: its mirror would be wrong,
// and a new start costs more than it has time for. The pipeline's time it never costs.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace vedette::probe {

struct FinishedBatch {
    uint64_t first_sequence = 0;
    uint32_t events = 0;
    std::map<uint32_t, uint64_t> events_by_type;  ///< Event.payload field number -> count
    std::shared_ptr<const std::string> bytes;     ///< a serialized SubscribeResponse
};

/// Thread-safe.
class BatchQueue {
   public:
    explicit BatchQueue(size_t max_bytes) : max_bytes_(max_bytes) {}

    /// Of the batch that is pushed next.
    uint64_t next_number() const;
    void push(FinishedBatch batch);

    /// Whether an agent reads.
    void set_reader(bool connected);
    /// The agent that reads is so far behind that further events have no room; process changes and
    /// events of the reserved types still have.
    bool reader_is_behind() const;

    enum class Take : uint8_t {
        kBatch,  ///< here it is
        kEmpty,  ///< not finished yet
        kLost,   ///< the queue had to drop it
    };
    /// The batch with that number; batches are numbered from 1 on in the order of push().
    Take take(uint64_t number, std::shared_ptr<const std::string>& bytes);

    /// Forgets the batches whose events are all at or below `sequence`, and those without events up to the batch with that
    /// number; 0: an agent that does not say it, of which the next event must be waited for.
    void acknowledge(uint64_t sequence, uint64_t number = 0);

    struct Resume {
        uint64_t number = 0;         ///< of the batch to go on with
        uint64_t next_sequence = 0;  ///< of the first event that follows
        uint64_t missed = 0;   ///< events after the last acknowledged one that are no longer held
        bool complete = true;  ///< nothing has been dropped since: a mirror is still right
    };
    /// Where an agent that has evaluated everything up to `last_sequence` goes on; acknowledges that much.
    Resume resume(uint64_t last_sequence);
    /// Where an agent goes on that comes without a past.
    Resume resume_unknown();

    /// Takes the changes of processes out of what is held if any of them is told as a difference; whether that was so.
    /// For an agent that does not take them, after one that does: the snapshot that it gets is newer than each of them,
    /// and a whole node would undo what a difference after it has changed.
    bool leave_out_differences();

    /// Events dropped since the last call that no agent had taken, by type.
    std::map<uint32_t, uint64_t> take_dropped();
    /// Everything before is acknowledged or dropped; the next event's when nothing is held.
    uint64_t held_sequence() const;
    /// Everything that was pushed has been taken.
    bool drained() const;

    struct Counts {
        uint64_t next_sequence = 1;
        uint64_t acknowledged = 0;
        uint64_t held_events = 0;
        uint64_t held_bytes = 0;
        uint64_t batches = 0;
    };
    Counts counts() const;
    size_t max_bytes() const { return max_bytes_; }

   private:
    /// The rest is for process changes, which an agent needs whole.
    size_t event_bytes() const { return max_bytes_ / 4 * 3; }
    uint64_t front_number() const { return next_number_ - held_.size(); }
    Resume resume_locked(uint64_t last_sequence);
    void acknowledge_locked(uint64_t sequence, uint64_t number);
    void pop_front();

    const size_t max_bytes_;
    mutable std::mutex mutex_;
    std::deque<FinishedBatch> held_;
    uint64_t next_number_ = 1;
    uint64_t next_sequence_ = 1;
    uint64_t acknowledged_ = 0;
    uint64_t held_events_ = 0;
    uint64_t held_bytes_ = 0;
    bool reader_ = false;
    uint64_t taken_number_ = 0;    ///< newest one taken
    uint64_t dropped_number_ = 0;  ///< newest one dropped
    uint64_t dropped_needs_ = 0;   ///< an agent that has evaluated this sequence has not missed it
    std::map<uint32_t, uint64_t> dropped_;
};

}  // namespace vedette::probe
