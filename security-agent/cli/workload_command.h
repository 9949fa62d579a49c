// SPDX-License-Identifier: Apache-2.0
//
// `workload-list [-v] [--search TEXT] [-j]`: the containers and pods that the running agent knows. Exit codes:
// client_commands.h.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

/// Both references must live until parse().
void add_workload_command(CLI::App& top, const SettingsArguments& settings, int& exit_code);

/// For eyes: a table of the containers, or, verbose, all that is known of each. `entities`: as GET
/// /agent/workload-list?format=json has them; whatever is of another shape is left out.
std::string workload_text(const boost::json::object& entities, bool verbose);

}  // namespace vedette::cli
