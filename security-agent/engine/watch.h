// SPDX-License-Identifier: Apache-2.0
//
// Rules beside the loaded ones, for as long as somebody wants to know whether they match: without variables, actions,
// limits and alerts.
#pragma once

#include <functional>
#include <string_view>

#include "security-agent/engine/json_object.h"
#include "security-agent/engine/rule_book.h"

namespace vedette::engine {

struct Watch {
    Policies policies;
    /// `event`: see AlertEvent. Under the engine's lock; must not call the engine.
    std::function<void(std::string_view rule_id, JsonText event)> matched;
};

}  // namespace vedette::engine
