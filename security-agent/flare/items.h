// SPDX-License-Identifier: Apache-2.0
//
// What stands in every flare, with or without a daemon.
#pragma once

#include <vector>

#include "security-agent/flare/flare.h"

namespace vedette::flare {

std::vector<Item> host_items(const Settings& settings, const FlareOptions& options);

/// The last `max_bytes` of a regular file; a link is refused.
Result<std::string> read_tail(const std::string& path, uint64_t max_bytes);

}  // namespace vedette::flare
