// SPDX-License-Identifier: Apache-2.0
//
// What `top` shows: two answers of /agent/activity, and the time between them.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "security-agent/cli/terminal.h"

namespace vedette::cli {

/// Rates by second:
/// {"seconds", "types": [{"name", "seen", "filtered", "delivered", "lost"}], "rules": [{"name", "hits", "alerts",
///  "limited", "cpuPercent", "costNs"}], "containers" and "programs": [{"name", "events"}],
///  "hooks": [{"name", "type", "runs", "ns", "cpuPercent"}], "totals", "queues", "notes"}
boost::json::object make_frame(const boost::json::object& before, const boost::json::object& after);

/// One page, no longer than the window (`size.rows` 0: as long as it is) and no wider.
std::string frame_text(const boost::json::object& frame, WindowSize size, const Style& style);

}  // namespace vedette::cli
