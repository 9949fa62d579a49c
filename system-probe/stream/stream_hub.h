// SPDX-License-Identifier: Apache-2.0
//
// One agent at a time gets the stream: what it is told first, and where it goes on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "system-probe/stream/batcher.h"
#include "system-probe/stream/subscriber.h"

namespace vedette::probe {

/// Pipeline thread.
class StreamHub {
   public:
    /// The references must outlive it. `instance_id`: random, not 0.
    StreamHub(Batcher& batcher, BatchQueue& queue, const ProcessResolver& resolver,
              const WorkloadTable& workloads, uint64_t instance_id);

    struct Subscription {
        uint64_t missed = 0;
        bool reset_mirror = false;
        bool replaced = false;  ///< another agent was connected: its call has been closed
    };
    Subscription subscribe(std::shared_ptr<Subscriber> subscriber, const v1::Hello& hello);

    /// False: no agent is connected.
    bool ask(const v1::Question& question);

    /// Finishes the batch and wakes the agent.
    void flush();
    /// The last batch, then the end of the call.
    void finish(const std::string& reason);
    bool connected() const { return subscriber_ && subscriber_->open(); }
    uint64_t instance_id() const { return instance_id_; }

   private:
    void add_snapshot(std::vector<Frame>& frames, uint64_t sequence) const;

    Batcher& batcher_;
    BatchQueue& queue_;
    const ProcessResolver& resolver_;
    const WorkloadTable& workloads_;
    uint64_t instance_id_;
    std::shared_ptr<Subscriber> subscriber_;
};

}  // namespace vedette::probe
