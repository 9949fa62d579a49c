// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/decoder.h"

#include "system-probe/decode/event_type.h"
#include "system-probe/decode/record.h"

namespace vedette::probe {

Result<> decode(std::span<const std::byte> bytes, Decoded& out) {
    auto record = Record::parse(bytes);
    if (!record)
        return forward_error(record);
    const auto& header = record->header();
    const EventType& type = *find_event_type(header.type);
    out.header = header;
    out.memory.renew(out.event, type.payload_field);
    out.process.reset();
    out.credentials.reset();
    out.namespaces.reset();
    out.comm.reset();
    out.target.reset();
    out.cgroup.reset();
    out.cgroup_id = header.cgroup_id;
    out.network = 0;
    out.dns_ttl_s = 0;
    out.unknown_items = record->unknown_items();
    if (record->has(VDT_ITEM_CGROUP))
        out.cgroup = record->item(VDT_ITEM_CGROUP);

    out.event.set_tid(header.tid);
    out.event.set_async(header.flags & VDT_F_ASYNC);
    out.event.set_compat(header.flags & VDT_F_COMPAT);
    out.event.set_backend(header.flags & VDT_F_TRAMPOLINE ? v1::Event::BACKEND_TRAMPOLINE
                                                          : v1::Event::BACKEND_TRACEPOINT);
    out.event.set_cgroup_id(header.cgroup_id);
    type.decode(*record, out);
    return {};
}

}  // namespace vedette::probe
