// SPDX-License-Identifier: Apache-2.0
//
// Puts events, process changes and losses into batches: each event gets the next sequence number, each change the index
// of the event it comes before. What is added is encoded at once, behind what is there already: nothing is copied into a
// message of the batch, measured again and taken apart at its end.
#pragma once

#include <google/protobuf/arena.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "system-probe/resolvers/process_resolver.h"
#include "system-probe/resolvers/workload_table.h"
#include "system-probe/stream/batch_queue.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {

/// Pipeline thread.
class Batcher : public NodeSink, public WorkloadSink {
   public:
    static constexpr size_t kMaxBytes = 64 * 1024;
    static constexpr int kMaxEvents = 512;

    /// Both must outlive it.
    Batcher(BatchQueue& queue, const Names& names) : queue_(queue), names_(names) {}

    uint64_t next_sequence() const { return next_sequence_; }
    void add_event(const v1::Event& event);
    void changed(const Image& image) override;
    void ended(const Image& image) override;
    void gone(const Image& image) override;
    void workload_changed(v1::Workload workload) override;
    void workload_gone(const std::string& container_id) override;
    /// Loss.event_type is 0 when it is not known. Losses of one key become one in the batch.
    void add_loss(const v1::Loss& loss);
    /// Said once, in the next batch.
    void set_filter_revision(uint64_t revision) { filter_revision_ = revision; }
    /// Whether the agent takes them; from the next change on. At first it does.
    void send_differences(bool send) { differences_ = send; }

    bool empty() const;
    /// Finishes the batch, if there is anything in it.
    void flush();

    using LossKey = std::pair<uint32_t, v1::Loss::Reason>;
    /// Since the start.
    const std::map<uint32_t, uint64_t>& delivered() const { return delivered_; }
    const std::map<LossKey, uint64_t>& lost() const { return total_lost_; }

   private:
    /// Messages of one change stand in memory that is used again for the next.
    static constexpr size_t kScratchBytes = 16 * 1024;
    google::protobuf::ArenaOptions scratch_options();

    template <typename Message>
    Message& make();
    template <typename Update>
    void add_update(int field, Update& update);
    void append(int field, const google::protobuf::MessageLite& message, size_t size);
    bool fits(size_t bytes) const { return bytes_.size() + bytes <= kMaxBytes; }
    void drop_events();
    void add_dropped(const std::map<uint32_t, uint64_t>& by_type);

    BatchQueue& queue_;
    const Names& names_;
    bool differences_ = true;
    alignas(8) std::array<char, kScratchBytes> scratch_memory_;
    google::protobuf::Arena scratch_{scratch_options()};
    uint64_t next_sequence_ = 1;
    std::string bytes_;    ///< fields of a v1::Batch, in the order in which they came
    uint32_t events_ = 0;  ///< among them
    uint64_t filter_revision_ = 0;
    std::map<uint32_t, uint64_t> by_type_;
    std::map<std::pair<LossKey, uint64_t>, v1::Loss> lost_;  ///< by key and cgroup
    std::map<uint32_t, uint64_t> delivered_;
    std::map<LossKey, uint64_t> total_lost_;
};

}  // namespace vedette::probe
