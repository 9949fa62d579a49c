// SPDX-License-Identifier: Apache-2.0
//
// Containers and pods in JSON: in alerts, and in lists of workloads.
#pragma once

#include "security-agent/engine/json_object.h"
#include "security-agent/engine/workload_mirror.h"

namespace vedette::engine {

/// Adds what is known of the container to its section of an alert (docs/reference/alerts.md). Null: nothing is, and
/// nobody was asked.
void put_workload(JsonObject& container, const KnownWorkload* workload);

/// Everything: with labels.
JsonObject workload_json(const KnownWorkload& workload);
JsonObject pod_json(const v1::Pod& pod);

}  // namespace vedette::engine
