// SPDX-License-Identifier: Apache-2.0
//
// Containers and pods in JSON: in alerts, and in lists of workloads.
#pragma once

#include <boost/json/object.hpp>

#include "security-agent/engine/workload_mirror.h"

namespace vedette::engine {

/// Adds what is known of the container to its section of an alert (docs/reference/alerts.md). Null: nothing is, and
/// nobody was asked.
void put_workload(boost::json::object& container, const KnownWorkload* workload);

/// Everything: with labels.
boost::json::object workload_json(const KnownWorkload& workload);
boost::json::object pod_json(const v1::Pod& pod);

}  // namespace vedette::engine
