// SPDX-License-Identifier: Apache-2.0
//
// What the agent's own parts tell the status page.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "common/health.h"
#include "security-agent/engine/engine.h"

namespace vedette::app {

/// Section runtimeSecurityStatus (see status/status.h).
boost::json::object runtime_section(const engine::Engine& engine, bool connected,
                                    const std::vector<std::string>& outputs);

/// Section probe: asks it, up to two seconds. Throws std::runtime_error when it does not answer: the section is then
/// the error.
boost::json::object probe_section(const std::string& command_socket);

/// {"Filename"} of the probe's new file, or {"Error"}.
boost::json::object dump_discarders(const std::string& command_socket);

}  // namespace vedette::app
