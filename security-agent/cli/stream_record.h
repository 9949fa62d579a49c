// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime record`: has the running agent record its event stream, and fetches the recording.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

struct RecordOptions {
    std::string output;
    std::string duration = "10s";
    uint64_t max_mib = 32;
    bool json = false;
};

/// Exit code: 0; 1 the agent refused or the file cannot be written; 2 wrong usage; 3 the agent is not running.
int run_record(const SettingsArguments& settings, const RecordOptions& options);

/// Adds `record` to `runtime`.
void add_record(CLI::App& runtime, const SettingsArguments& settings, int& exit_code);

}  // namespace vedette::cli
