// SPDX-License-Identifier: Apache-2.0
//
// Diagnostics for programs.
#pragma once

#include <boost/json/array.hpp>

#include "security-agent/secl/diagnostics.h"

namespace vedette::secl {

/// [{"file","line","column","length","severity","message","hint","rule","source_line"}]; invalid UTF-8 becomes
/// U+FFFD.
boost::json::array to_json(const Diagnostics& diagnostics);

/// `text` with each invalid UTF-8 byte as U+FFFD: Boost.JSON writes bytes as they are.
std::string valid_utf8(std::string_view text);

}  // namespace vedette::secl
