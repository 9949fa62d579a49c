// SPDX-License-Identifier: Apache-2.0
//
// Rules beside the loaded ones, for as long as somebody wants to know whether they match: without variables, actions,
// limits and alerts.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string_view>

#include "security-agent/engine/rule_book.h"

namespace vedette::engine {

struct Watch {
    Policies policies;
    /// `event`: see event_part(). Engine thread; must not call the engine.
    std::function<void(std::string_view rule_id, boost::json::object event)> matched;
};

}  // namespace vedette::engine
