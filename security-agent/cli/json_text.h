// SPDX-License-Identifier: Apache-2.0
//
// JSON for eyes.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace vedette::cli {

/// Indented by two blanks, one member a line.
std::string pretty_json(const boost::json::value& value);

}  // namespace vedette::cli
