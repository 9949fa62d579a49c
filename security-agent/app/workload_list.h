// SPDX-License-Identifier: Apache-2.0
//
// The containers and pods that the engine knows, for the API and the status page.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <vector>

#include "security-agent/api/workload_routes.h"
#include "security-agent/engine/engine.h"

namespace vedette::app {

using RunningWorkloads = std::vector<engine::Engine::RunningWorkload>;

/// {"entities": {"container": ..., "kubernetes_pod": ...}} with what the query asks for, sorted by id. As text:
/// {"infos": {"sources(merged):[probe podman] id: ID": "TEXT"}}; structured: a list of objects.
boost::json::object workload_list(const RunningWorkloads& workloads,
                                  const api::WorkloadQuery& query);

/// {"containers", "pods", "pending", "unknown"}: how many.
boost::json::object workload_counts(const std::vector<engine::WorkloadPtr>& workloads);

/// `engine` must outlive it; nothing is listed while it is null.
api::WorkloadList workload_list_of(const std::unique_ptr<engine::Engine>& engine);

}  // namespace vedette::app
