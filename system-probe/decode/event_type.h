// SPDX-License-Identifier: Apache-2.0
//
// What a record type is called and which member of Event.payload it becomes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bpf/abi/records.h"

namespace vedette::probe {

struct EventType {
    vdt_type type;
    std::string_view name;   ///< "exec", as in HookReport and the status
    uint32_t payload_field;  ///< field number of Event.payload; 0: becomes no event (snapshot)
};

/// In the order of enum vdt_type, without VDT_NONE.
std::span<const EventType> event_types();

/// nullptr for a type this program does not know.
const EventType* find_event_type(uint32_t type);

/// Name of a payload field number; "unknown" for 0 and numbers that are none.
std::string_view payload_name(uint32_t payload_field);

}  // namespace vedette::probe
