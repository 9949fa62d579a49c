// SPDX-License-Identifier: Apache-2.0
//
// `system-probe debug` and `health`: ask the running probe.
#pragma once

#include <string>

#include "common/config/settings.h"

namespace vedette::probe {

struct ProcessCacheArguments {
    bool with_args = false;
    std::string format = "dot";  ///< or json
};

/// All print and return the exit code.
int health(const Settings& settings);
int debug_config(const Settings& settings);
int debug_discarders(const Settings& settings);
int debug_process_cache(const Settings& settings, const ProcessCacheArguments& arguments);
int debug_self_test(const Settings& settings);
int debug_reload(const Settings& settings);
int debug_rule_set_report(const Settings& settings);
/// One JSON object a line: {type, timestamp, pid, ppid, comm, path, argv, user, cgroup, container, exit{cause, code}}, or
/// {"lost": n}. Until the output is closed.
int debug_process_events(const Settings& settings, bool snapshot);
int debug_network_namespace(const Settings& settings, bool snapshot_interfaces);

}  // namespace vedette::probe
