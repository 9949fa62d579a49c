// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/discarder.h"

#include <cstring>
#include <string_view>

#include "system-probe/decode/event_type.h"
#include "system-probe/filters/filter_fields.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {
namespace {

bool is_path(std::string_view text) {
    return text.size() > 1 && text.size() <= VDT_DISCARDER_TEXT && text.starts_with('/') &&
           !text.ends_with('/') && text.find('\0') == text.npos;
}

bool is_comm(std::string_view text) {
    return !text.empty() && text.size() < VDT_COMM_LEN && text.find('\0') == text.npos;
}

/// What `key.kind` is to be, when the kernel looks at such texts.
std::optional<vdt_discarder_kind> text_kind(const v1::Discarder& message, vdt_type type) {
    const bool path = has_path_discarders(type) && is_path(message.text());
    switch (message.kind()) {
        case v1::Discarder::KIND_PATH:
            return path ? std::optional(VDT_DISCARD_PATH) : std::nullopt;
        case v1::Discarder::KIND_PARENT:
            return path ? std::optional(VDT_DISCARD_PARENT) : std::nullopt;
        case v1::Discarder::KIND_NAME:
            return type == VDT_PRCTL && is_comm(message.text()) ? std::optional(VDT_DISCARD_NAME)
                                                                : std::nullopt;
        default:
            return std::nullopt;
    }
}

}  // namespace

std::optional<Discarder> read_discarder(const v1::Discarder& message) {
    const EventType* type = find_event_type_of_payload(message.event_type());
    if (type == nullptr)
        return std::nullopt;
    Discarder out{.type = type->type};
    if (message.kind() == v1::Discarder::KIND_AUID) {
        out.auid = message.auid();
        return has_auid_filters(out.type) ? std::optional(out) : std::nullopt;
    }
    const auto kind = text_kind(message, out.type);
    if (!kind)
        return std::nullopt;
    out.key.kind = *kind;
    out.key.len = static_cast<uint32_t>(message.text().size());
    std::memcpy(out.key.text, message.text().data(), message.text().size());
    out.value.types = uint64_t{1} << out.type;
    out.value.inode = message.inode();
    out.value.mount_id = message.mount_id();
    return out;
}

}  // namespace vedette::probe
