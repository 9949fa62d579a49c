// SPDX-License-Identifier: Apache-2.0
//
// What an event type adds to an alert: `file`, `exit`, `connect`, `syscall` ... One function an event type, in
// event_json_file.cpp, _process.cpp, _kernel.cpp and _network.cpp.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string_view>

#include "vedette/v1/event.pb.h"

namespace vedette::engine {

/// Who an alert shows with its family.
struct ProcessLineage {
    const v1::ProcessNode* process = nullptr;  ///< null: not known, or there is none
    const v1::ProcessNode* parent = nullptr;   ///< null: unknown
    std::span<const void* const> ancestors;    ///< v1::ProcessNode, nearest first
};

/// Adds the members of the event's own type. `process` is the acting image, alert["process"] is already there;
/// `target` the process that it was done to (signal, ptrace, setrlimit).
void put_event(boost::json::object& alert, const v1::Event& event, const v1::ProcessNode& process,
               const ProcessLineage& target);

/// "Success", "Refused" (EACCES, EPERM) or "Error". A non-blocking connect that is under way (EINPROGRESS) counts as
/// a success: the kernel accepted it. So does what has no result.
std::string_view outcome(const v1::Event& event);

}  // namespace vedette::engine
