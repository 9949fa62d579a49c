// SPDX-License-Identifier: Apache-2.0
//
// Who does how much: what `top` shows. Counts since the start of whatever counts them; the reader takes differences.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "security-agent/engine/engine.h"
#include "security-agent/live/tap.h"

namespace vedette::app {

/// Asks the probe, up to a second.
boost::json::object activity(const engine::Engine& engine, live::Tap& tap, bool connected,
                             const std::string& command_socket);

}  // namespace vedette::app
