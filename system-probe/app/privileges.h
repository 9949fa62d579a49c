// SPDX-License-Identifier: Apache-2.0
//
// After the BPF programs are loaded, nothing that is left to do needs a privilege: the ring and the counters are mapped
// memory, the sockets are bound. What an attacker would get by taking over this process is root's uid without a
// capability.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace vedette::probe {

/// Drops every capability, also out of the bounding set, and the way back (no_new_privs); forbids ptrace and core dumps
/// (not dumpable). Before any thread starts: capabilities belong to a thread. Returns what could not be done, one
/// sentence each. Errors: capabilities are still there.
Result<std::vector<std::string>> drop_privileges();

}  // namespace vedette::probe
