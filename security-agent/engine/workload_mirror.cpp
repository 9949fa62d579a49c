// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/workload_mirror.h"

#include <utility>

#include "security-agent/engine/workload_tags.h"

namespace vedette::engine {

void WorkloadMirror::apply(v1::Workload&& workload) {
    const std::string id = workload.container_id();
    if (id.empty() || (workloads_.size() >= kMaxWorkloads && !workloads_.contains(id)))
        return;
    auto known = std::make_shared<KnownWorkload>();
    known->tags = workload_tags(workload, label_tags_);
    known->facts = std::move(workload);
    workloads_[id] = std::move(known);
}

WorkloadPtr WorkloadMirror::find(const std::string& id) const {
    const auto found = workloads_.find(id);
    return found == workloads_.end() ? nullptr : found->second;
}

void WorkloadMirror::mark(v1::Container& container) const {
    const WorkloadPtr known = find(container.id());
    if (!known)
        return;
    container.set_metadata_pending(known->facts.metadata() == v1::Workload::METADATA_PENDING);
    container.mutable_tags()->Assign(known->tags.begin(), known->tags.end());
}

std::vector<WorkloadPtr> WorkloadMirror::all() const {
    std::vector<WorkloadPtr> out;
    out.reserve(workloads_.size());
    for (const auto& [id, workload] : workloads_)
        out.push_back(workload);
    return out;
}

}  // namespace vedette::engine
