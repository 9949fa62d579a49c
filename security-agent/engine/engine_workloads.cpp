// SPDX-License-Identifier: Apache-2.0
//
// What the engine does with what container runtimes say.
#include <boost/unordered/unordered_flat_map.hpp>

#include "security-agent/engine/engine.h"

namespace vedette::engine {

void Engine::apply(v1::WorkloadUpdate& update) {
    const std::string id = update.workload().container_id();
    if (update.gone())
        return workloads_.erase(id);
    workloads_.apply(std::move(*update.mutable_workload()));
    mirror_.change_container(
        id, [this](v1::ProcessNode& node) { workloads_.mark(*node.mutable_container()); });
    v1::Container arrived;
    arrived.set_id(id);
    workloads_.mark(arrived);
    if (arrived.metadata_pending())
        return;
    alerting_.workload(id);
    parked_.on_metadata(id, [&](ParkedEvent& parked) { return decide(parked, &arrived, false); });
}

std::vector<Engine::RunningWorkload> Engine::workloads() const {
    const std::lock_guard state(state_mutex_);
    boost::unordered_flat_map<std::string_view, uint64_t> processes;
    mirror_.each([&processes](const v1::ProcessNode& node) {
        if (node.exit_time() == 0 && !node.container().id().empty())
            ++processes[node.container().id()];
    });
    std::vector<RunningWorkload> out;
    for (WorkloadPtr& workload : workloads_.all()) {
        const auto found = processes.find(workload->facts.container_id());
        out.push_back({std::move(workload), found == processes.end() ? 0 : found->second});
    }
    return out;
}

std::vector<WorkloadPtr> Engine::known_workloads() const {
    const std::lock_guard state(state_mutex_);
    return workloads_.all();
}

}  // namespace vedette::engine
