// SPDX-License-Identifier: Apache-2.0
//
// `security-agent tree PID`: where a process comes from and what it started.
// `security-agent runtime process-cache dump`: all of them, in a file.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "common/config/sources.h"
#include "security-agent/cli/terminal.h"

namespace CLI {
class App;
}

namespace vedette::cli {

/// The answer of /agent/processes/{pid} for eyes: one line a process, no longer than `columns` (0: as long as it is).
/// Times of the day `today` ("2026-11-22") go without it.
std::string tree_text(const boost::json::object& lineage, const Style& style, size_t columns,
                      const std::string& today);

void add_tree(CLI::App& top, const SettingsArguments& settings, int& exit_code);

/// Below `runtime`.
void add_process_cache(CLI::App& top, const SettingsArguments& settings, int& exit_code);

}  // namespace vedette::cli
