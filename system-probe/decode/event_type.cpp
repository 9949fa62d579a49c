// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/event_type.h"

#include <array>

#include "vedette/v1/event.pb.h"

namespace vedette::probe {
namespace {

constexpr std::array<EventType, VDT_TYPE_MAX - 1> kEventTypes = {{
    {VDT_FORK, "fork", v1::Event::kForkFieldNumber},
    {VDT_EXEC, "exec", v1::Event::kExecFieldNumber},
    {VDT_EXIT, "exit", v1::Event::kExitFieldNumber},
    {VDT_SNAPSHOT, "snapshot", 0},
    {VDT_OPEN, "open", v1::Event::kOpenFieldNumber},
    {VDT_CONNECT, "connect", v1::Event::kConnectFieldNumber},
    {VDT_SETUID, "setuid", v1::Event::kSetuidFieldNumber},
    {VDT_SETGID, "setgid", v1::Event::kSetgidFieldNumber},
    {VDT_CGROUP, "cgroup", v1::Event::kCgroupMoveFieldNumber},
}};

}  // namespace

std::span<const EventType> event_types() {
    return kEventTypes;
}

const EventType* find_event_type(uint32_t type) {
    if (type == VDT_NONE || type >= VDT_TYPE_MAX)
        return nullptr;
    return &kEventTypes[type - 1];
}

std::string_view payload_name(uint32_t payload_field) {
    for (const auto& entry : kEventTypes) {
        if (payload_field != 0 && entry.payload_field == payload_field)
            return entry.name;
    }
    return "unknown";
}

}  // namespace vedette::probe
