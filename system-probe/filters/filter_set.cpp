// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/filter_set.h"

#include <cstring>
#include <string_view>

#include "system-probe/ebpf/syscall_names.h"
#include "system-probe/ebpf/system_calls.h"

namespace vedette::probe {
namespace {

bool add_name(uint64_t key, vdt_filters& out) {
    for (uint32_t i = 0; i < VDT_NAME_PROBES; ++i) {
        __u64& slot = out.names[(key + i) & (VDT_NAME_SLOTS - 1)];
        if (slot == key)
            return true;
        if (slot == 0) {
            slot = key;
            return true;
        }
    }
    return false;
}

bool add_name(vdt_type type, const NameApprover& name, vdt_filters& out) {
    vdt_type_filter& filter = out.type[type];
    std::string_view text = name.text;
    switch (name.kind) {
        case VDT_NAME_IS:
            filter.approvers |= VDT_APPROVE_NAME;
            break;
        case VDT_NAME_BEGINS:
            text = text.substr(0, VDT_PREFIX_MAX);
            filter.approvers |= VDT_APPROVE_NAME_PREFIX;
            filter.prefix_lengths |= 1U << (text.size() - 1);
            break;
        case VDT_NAME_PARENT:
            filter.approvers |= VDT_APPROVE_PARENT;
            break;
    }
    return add_name(vdt_name_key(name_hash(text), type, name.kind), out);
}

void fill_type(vdt_type type, const TypeFilter& from, vdt_filters& out) {
    vdt_type_filter& filter = out.type[type];
    filter.deny = from.deny;
    filter.flags_any = from.flags_any;
    filter.flags_none = from.flags_none;
    if (from.flags_any != 0)
        filter.approvers |= VDT_APPROVE_FLAGS_ANY;
    if (from.has_flags_none)
        filter.approvers |= VDT_APPROVE_FLAGS_NONE;
    for (const NameApprover& name : from.names) {
        if (!add_name(type, name, out))
            filter.deny = 0;
    }
}

}  // namespace

void fill_points(std::span<const OnDemandPoint> points, vdt_filters& out) {
    uint8_t used = 0;
    for (const OnDemandPoint& point : points) {
        const auto numbers = find_system_call(system_call_of(point));
        if (!numbers.known() || used == VDT_ONDEMAND_MAX || point.name.size() >= VDT_ONDEMAND_NAME)
            continue;
        vdt_ondemand_point& to = out.points[used++];
        point.name.copy(to.name, sizeof to.name - 1);
        to.strings = point.strings;
        if (numbers.native)
            out.ondemand[*numbers.native].native = used;
        if (numbers.compat)
            out.ondemand[*numbers.compat].compat = used;
    }
}

uint64_t name_hash(std::string_view text) {
    uint64_t hash = VDT_HASH_START;
    for (const char byte : text)
        hash = (hash ^ static_cast<unsigned char>(byte)) * VDT_HASH_STEP;
    return hash;
}

void fill_filter_set(const FilterPlan& plan, const std::map<vdt_type, AttachedType>& attached,
                     vdt_filters& out) {
    std::memset(&out, 0, sizeof out);
    std::vector<vdt_call> calls;
    for (const auto& [type, filter] : plan) {
        const auto found = attached.find(type);
        if (found == attached.end())
            continue;
        out.type[type].wanted = found->second.wanted;
        calls.insert(calls.end(), found->second.calls.begin(), found->second.calls.end());
        fill_type(type, filter, out);
    }
    const CallTable table = make_call_table(calls);
    static_assert(sizeof table == sizeof out.calls);
    std::memcpy(out.calls, table.data(), sizeof out.calls);
}

}  // namespace vedette::probe
