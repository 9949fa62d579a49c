// SPDX-License-Identifier: Apache-2.0
//
// What a record type is called, how it is read and which member of Event.payload it becomes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "bpf/abi/records.h"

namespace vedette::probe {

class Record;
struct Decoded;

struct EventType {
    vdt_type type;
    std::string_view name;   ///< "exec", as in HookReport and the status
    uint32_t payload_field;  ///< field number of Event.payload; 0: becomes no event (snapshot)
    size_t fixed_size;       ///< of the record's fixed part
    void (*decode)(const Record& record, Decoded& out);  ///< fills the payload
};

/// The types of one family each; event_types() is all of them.
std::span<const EventType> lifecycle_events();
std::span<const EventType> file_events();
std::span<const EventType> process_events();
std::span<const EventType> kernel_events();
std::span<const EventType> network_events();
std::span<const EventType> packet_events();

/// In the order of enum vdt_type.
std::span<const EventType> event_types();

/// nullptr for a type this program does not know.
const EventType* find_event_type(uint32_t type);

/// nullptr for a number that is no payload's.
const EventType* find_event_type_of_payload(uint32_t payload_field);

/// Whether this payload field number is one of VDT_RESERVED_TYPES: never dropped for others' sake.
bool is_reserved(uint32_t payload_field);

/// Name of a payload field number; "unknown" for 0 and numbers that are none.
std::string_view payload_name(uint32_t payload_field);

}  // namespace vedette::probe
