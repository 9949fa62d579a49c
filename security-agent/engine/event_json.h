// SPDX-License-Identifier: Apache-2.0
//
// What an event type adds to an alert: `file`, `exit`, `connect`, `syscall` ... One function an event type.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string_view>

#include "vedette/v1/event.pb.h"

namespace vedette::engine {

/// Adds the members of the event's own type. `process` is the acting image; alert["process"] is already there.
void put_event(boost::json::object& alert, const v1::Event& event, const v1::ProcessNode& process);

/// "Success", "Refused" (EACCES, EPERM) or "Error". A non-blocking connect that is under way (EINPROGRESS) counts as
/// a success: the kernel accepted it.
std::string_view outcome(const v1::Event& event);

}  // namespace vedette::engine
