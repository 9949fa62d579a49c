// SPDX-License-Identifier: Apache-2.0
#include "proto/event_memory.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>

namespace vedette {
namespace {

void clear_common(v1::Event& event) {
    event.clear_timestamp();
    event.clear_process_key();
    event.clear_tid();
    event.clear_async();
    event.clear_compat();
    event.clear_backend();
    event.clear_cgroup_id();
    event.clear_network();
    static const auto* const kReflection = v1::Event::GetReflection();
    if (!kReflection->GetUnknownFields(event).empty())
        kReflection->MutableUnknownFields(&event)->Clear();
}

/// Of a payload this version knows; what is behind it is nobody's.
uint32_t highest_payload() {
    static const uint32_t kHighest = [] {
        const auto* payloads = v1::Event::descriptor()->FindOneofByName("payload");
        int highest = 0;
        for (int i = 0; i < payloads->field_count(); ++i)
            highest = std::max(highest, payloads->field(i)->number());
        return static_cast<uint32_t>(highest);
    }();
    return kHighest;
}

/// Those that come by the thousand keep their memory.
void clear_payload(v1::Event& event) {
    switch (event.payload_case()) {
        case v1::Event::kExec:
            return event.mutable_exec()->Clear();
        case v1::Event::kFork:
            return event.mutable_fork()->Clear();
        case v1::Event::kExit:
            return event.mutable_exit()->Clear();
        case v1::Event::kOpen:
            return event.mutable_open()->Clear();
        case v1::Event::kChmod:
            return event.mutable_chmod()->Clear();
        case v1::Event::kChown:
            return event.mutable_chown()->Clear();
        case v1::Event::kMkdir:
            return event.mutable_mkdir()->Clear();
        case v1::Event::kRmdir:
            return event.mutable_rmdir()->Clear();
        case v1::Event::kUnlink:
            return event.mutable_unlink()->Clear();
        case v1::Event::kRename:
            return event.mutable_rename()->Clear();
        case v1::Event::kLink:
            return event.mutable_link()->Clear();
        case v1::Event::kUtimes:
            return event.mutable_utimes()->Clear();
        case v1::Event::kMmap:
            return event.mutable_mmap()->Clear();
        case v1::Event::kMprotect:
            return event.mutable_mprotect()->Clear();
        case v1::Event::kSignal:
            return event.mutable_signal()->Clear();
        case v1::Event::kConnect:
            return event.mutable_connect()->Clear();
        case v1::Event::kBind:
            return event.mutable_bind()->Clear();
        case v1::Event::kAccept:
            return event.mutable_accept()->Clear();
        case v1::Event::kSocket:
            return event.mutable_socket()->Clear();
        case v1::Event::kDns:
            return event.mutable_dns()->Clear();
        default:
            return event.clear_payload();
    }
}

}  // namespace

v1::Event& EventMemory::kept(uint32_t payload) {
    if (payload >= kept_.size())
        kept_.resize(payload + 1);
    return kept_[payload];
}

void EventMemory::renew(v1::Event& event, uint32_t payload) {
    if (payload > highest_payload())
        payload = 0;
    const auto before = static_cast<uint32_t>(event.payload_case());
    if (before != payload) {
        event.Swap(&kept(before));
        event.Swap(&kept(payload));
    }
    clear_common(event);
    clear_payload(event);
}

}  // namespace vedette
