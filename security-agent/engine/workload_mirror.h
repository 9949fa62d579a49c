// SPDX-License-Identifier: Apache-2.0
//
// The agent's copy of what container runtimes told the probe, by container id.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/v1/process.pb.h"
#include "vedette/v1/workload.pb.h"

namespace vedette::engine {

struct KnownWorkload {
    v1::Workload facts;
    std::vector<std::string> tags;
};
using WorkloadPtr = std::shared_ptr<const KnownWorkload>;

/// Under the engine's lock; what it hands out is constant.
class WorkloadMirror {
   public:
    /// The probe sends fewer.
    static constexpr size_t kMaxWorkloads = 16384;

    /// `label_tags`: as workload_tags().
    explicit WorkloadMirror(std::vector<std::string> label_tags)
        : label_tags_(std::move(label_tags)) {}

    void apply(v1::Workload&& workload);
    void erase(const std::string& id) { workloads_.erase(id); }
    void clear() { workloads_.clear(); }

    /// Null: nothing has been said of it.
    WorkloadPtr find(const std::string& id) const;
    /// Says of it what is known: tags, or that they are awaited. Of a container that nothing has been said of nothing
    /// changes: recorded streams carry the tags with their processes.
    void mark(v1::Container& container) const;
    std::vector<WorkloadPtr> all() const;

   private:
    std::vector<std::string> label_tags_;
    boost::unordered_flat_map<std::string, WorkloadPtr> workloads_;
};

}  // namespace vedette::engine
