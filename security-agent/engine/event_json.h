// SPDX-License-Identifier: Apache-2.0
//
// What an event type adds to an alert: `file`, `exit`, `connect`, `syscall` ... One function an event type, in
// event_json_file.cpp, _process.cpp, _kernel.cpp and _network.cpp.
#pragma once

#include <span>
#include <string_view>

#include "security-agent/engine/process_texts.h"
#include "vedette/v1/event.pb.h"

namespace vedette::engine {

/// Who an alert shows with its family.
struct ProcessLineage {
    const v1::ProcessNode* process = nullptr;  ///< null: not known, or there is none
    const v1::ProcessNode* parent = nullptr;   ///< null: unknown
    std::span<const void* const> ancestors;    ///< v1::ProcessNode, nearest first
};

/// Adds the members of the event's own type. `process` is the acting image, `target` the process that it was done to
/// (signal, ptrace, setrlimit).
void put_event(JsonObject& alert, const v1::Event& event, const v1::ProcessNode& process,
               const ProcessLineage& target, ProcessTexts& texts);
/// The ids or capabilities that a call brought, which an alert shows beside those that the process had; empty for
/// events of other types.
JsonObject new_credentials_json(const v1::Event& event);

/// "Success", "Refused" (EACCES, EPERM) or "Error". A non-blocking connect that is under way (EINPROGRESS) counts as
/// a success: the kernel accepted it. So does what has no result.
std::string_view outcome(const v1::Event& event);

}  // namespace vedette::engine
