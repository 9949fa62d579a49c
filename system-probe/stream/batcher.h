// SPDX-License-Identifier: Apache-2.0
//
// Puts events, process changes and losses into batches: each event gets the next sequence number, each change the index
// of the event it comes before.
#pragma once

#include <cstdint>
#include <map>
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

    explicit Batcher(BatchQueue& queue) : queue_(queue) {}

    uint64_t next_sequence() const { return next_sequence_; }
    void add_event(v1::Event event);
    void changed(v1::ProcessNode node) override;
    void gone(uint64_t key) override;
    void workload_changed(v1::Workload workload) override;
    void workload_gone(const std::string& container_id) override;
    /// Loss.event_type is 0 when it is not known. Losses of one key become one in the batch.
    void add_loss(const v1::Loss& loss);
    /// Said once, in the next batch.
    void set_filter_revision(uint64_t revision);

    bool empty() const;
    /// Finishes the batch, if there is anything in it.
    void flush();

    using LossKey = std::pair<uint32_t, v1::Loss::Reason>;
    /// Since the start.
    const std::map<uint32_t, uint64_t>& delivered() const { return delivered_; }
    const std::map<LossKey, uint64_t>& lost() const { return total_lost_; }

   private:
    v1::Batch& batch() { return *response_.mutable_batch(); }
    v1::ProcessUpdate& add_update();
    v1::WorkloadUpdate& add_workload(size_t bytes);
    void make_room(size_t bytes);
    void drop_events();
    void add_dropped(const std::map<uint32_t, uint64_t>& by_type);

    BatchQueue& queue_;
    v1::SubscribeResponse response_;
    uint64_t next_sequence_ = 1;
    size_t bytes_ = 0;  ///< of what is in the batch, about
    std::map<uint32_t, uint64_t> by_type_;
    std::map<std::pair<LossKey, uint64_t>, v1::Loss> lost_;  ///< by key and cgroup
    std::map<uint32_t, uint64_t> delivered_;
    std::map<LossKey, uint64_t> total_lost_;
};

}  // namespace vedette::probe
