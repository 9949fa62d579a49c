// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/event_parser.h"

#include "security-agent/engine/wire_fields.h"

namespace vedette::engine {

uint32_t EventParser::payload_of(std::string_view bytes) {
    constexpr uint32_t kFirst = tag_of(v1::Event::kExecFieldNumber);
    uint32_t found = 0;
    each_field(bytes, [&found](uint32_t tag, std::string_view, std::string_view) {
        const bool is_payload = tag >= kFirst && (tag & 7) == (kFirst & 7);
        found = is_payload ? tag >> 3 : found;
        return true;
    });
    return found;
}

v1::Event* EventParser::parse(std::string_view bytes) {
    memory_.renew(event_, payload_of(bytes));
    return merge_bytes(bytes, event_) ? &event_ : nullptr;
}

}  // namespace vedette::engine
