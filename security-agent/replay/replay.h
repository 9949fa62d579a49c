// SPDX-License-Identifier: Apache-2.0
//
// Evaluates a recorded stream: the agent's own engine, with the events' time as its only clock, so that the same
// recording and the same policies give the same lines, byte for byte.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/result.h"
#include "security-agent/engine/alert_sink.h"
#include "security-agent/policy/loader.h"

namespace vedette::replay {

struct ReplayOptions {
    bool limited =
        true;  ///< rate limits hold alerts back, as the agent's would with its default settings
};

struct ReplaySummary {
    uint64_t events = 0;
    uint64_t alerts = 0;
    uint64_t limited = 0;  ///< that rate limits held back
    std::string error;     ///< where the file is damaged; everything before that has been evaluated
};

/// Errors: the file cannot be opened or is no recorded stream. Lines about alerts and losses go to `sink`; that policies
/// were loaded is no part of the stream and is not written.
Result<ReplaySummary> replay_stream(const std::string& path,
                                    std::shared_ptr<const policy::CompiledPolicies> policies,
                                    engine::AlertSink& sink, const ReplayOptions& options = {});

}  // namespace vedette::replay
