// SPDX-License-Identifier: Apache-2.0
//
// This process as Prometheus knows any process.
#pragma once

#include "common/metrics.h"

namespace vedette::telemetry {

/// process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds, process_start_time_seconds, and
/// vedette_agent_build_info.
void fill_process_metrics(Metrics& out);

}  // namespace vedette::telemetry
