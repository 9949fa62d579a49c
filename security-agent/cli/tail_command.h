// SPDX-License-Identifier: Apache-2.0
//
// `security-agent tail`: alerts, and with --events events, as they happen: one line each.
//
// Exit codes: 0 the user has seen enough (Ctrl-C, a closed pipe); 1 the agent refused; 2 wrong usage; 3 no agent is
// running. An agent that goes away later is waited for.
#pragma once

#include <cstdint>
#include <string>

#include "common/config/sources.h"

namespace CLI {
class App;
}

namespace vedette::cli {

struct TailOptions {
    bool events = false;
    std::string rule;
    std::string container;
    uint32_t pid = 0;  ///< 0: any
    uint32_t newest = 10;
    bool json = false;
    bool no_color = false;
};

/// Path and query of the stream.
std::string tail_target(const TailOptions& options, bool first);

/// JSON of one line, without C1 controls and DEL: a terminal would obey them.
std::string harmless_json(std::string json);

int run_tail(const SettingsArguments& settings, const TailOptions& options);

void add_tail(CLI::App& top, const SettingsArguments& settings, int& exit_code);

}  // namespace vedette::cli
