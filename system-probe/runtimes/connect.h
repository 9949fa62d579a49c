// SPDX-License-Identifier: Apache-2.0
//
// A connection to a container runtime's socket. Who serves it is believed about every container of the host: it must be
// root, or the user that the probe runs as.
#pragma once

#include <string>

#include "common/os/fd.h"
#include "common/result.h"

namespace vedette::probe {

/// Never blocks: the descriptor does not, and a listener whose queue is full counts as one that does not answer.
/// Errors: kNotFound (no such socket), kUnavailable (nobody listens), kDenied (somebody else does).
Result<UniqueFd> connect_runtime(const std::string& path);

}  // namespace vedette::probe
