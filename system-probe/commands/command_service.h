// SPDX-License-Identifier: Apache-2.0
//
// What the agent, and root by `system-probe debug`, may ask of the probe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/result.h"
#include "system-probe/commands/dumps.h"
#include "system-probe/stream/agent_questions.h"
#include "system-probe/stream/call.h"
#include "vedette/v1/command.pb.h"

namespace vedette::probe {

/// Who answers. All are called on a thread of the server's and must not block; `done` is called exactly once, from any
/// thread.
struct CommandHandlers {
    /// `done(false)`: the probe is stopping and cannot answer.
    std::function<void(v1::ProbeStatus& out, std::function<void(bool ok)> done)> status;
    std::function<void(v1::ProbeConfig& out)> config;
    /// `done` gets the path of the new file.
    std::function<void(const v1::DumpProcessCacheRequest& request,
                       std::function<void(Result<std::string>)> done)>
        dump_processes;
    std::function<void(std::function<void(Result<std::string>)> done)> dump_discarders;
    std::function<void(v1::Question::Kind kind, AgentQuestions::Done done)> ask_agent;
    std::function<void(const v1::DumpNetworkNamespaceRequest& request,
                       std::function<void(Result<NetworkFilenames>)> done)>
        dump_networks;
};

std::vector<Route> command_routes(const CommandHandlers& handlers);

}  // namespace vedette::probe
