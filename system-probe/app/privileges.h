// SPDX-License-Identifier: Apache-2.0
//
// After the start every thread but one is root's uid without a capability: the ring and the counters are mapped memory,
// the sockets are bound. Those that keep some are in privileged_worker.h.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace vedette::probe {

/// Drops every capability, also out of the bounding set, and the way back (no_new_privs); forbids ptrace and, unless
/// `core_dumps`, core dumps (set_core_dumps). Before this thread starts others: capabilities belong to a thread. Returns
/// what could not be done, one sentence each. Errors: capabilities are still there.
Result<std::vector<std::string>> drop_privileges(bool core_dumps);

/// The same for the calling thread, but for what PrivilegedWorker's jobs need, as far as it has it.
Result<> keep_worker_privileges();

/// The same for the thread that opens files of other processes.
Result<> keep_opener_privileges();

}  // namespace vedette::probe
