// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/event_type.h"

#include <algorithm>
#include <array>
#include <vector>

namespace vedette::probe {

std::span<const EventType> event_types() {
    static const std::vector<EventType> kTypes = [] {
        std::vector<EventType> all;
        for (const auto family : {lifecycle_events(), file_events(), process_events(),
                                  kernel_events(), network_events(), packet_events()})
            all.insert(all.end(), family.begin(), family.end());
        std::ranges::sort(all, {}, &EventType::type);
        return all;
    }();
    return kTypes;
}

const EventType* find_event_type(uint32_t type) {
    static const auto kByType = [] {
        std::array<const EventType*, VDT_TYPE_MAX> found{};
        for (const EventType& one : event_types())
            found.at(one.type) = &one;
        return found;
    }();
    return type < kByType.size() ? kByType[type] : nullptr;
}

bool is_reserved(uint32_t payload_field) {
    static const auto kReserved = [] {
        std::vector<bool> found;
        for (const EventType& one : event_types()) {
            found.resize(std::max<size_t>(found.size(), one.payload_field + 1));
            found[one.payload_field] =
                one.payload_field != 0 && (VDT_RESERVED_TYPES >> one.type & 1) != 0;
        }
        return found;
    }();
    return payload_field < kReserved.size() && kReserved[payload_field];
}

const EventType* find_event_type_of_payload(uint32_t payload_field) {
    for (const EventType& type : event_types()) {
        if (payload_field != 0 && type.payload_field == payload_field)
            return &type;
    }
    return nullptr;
}

std::string_view payload_name(uint32_t payload_field) {
    const EventType* type = find_event_type_of_payload(payload_field);
    return type == nullptr ? "unknown" : type->name;
}

}  // namespace vedette::probe
