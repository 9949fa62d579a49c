// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/filter_set.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
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
    std::string text = name.text;
    switch (name.kind) {
        case VDT_NAME_IS:
            filter.approvers |= VDT_APPROVE_NAME;
            break;
        case VDT_NAME_BEGINS:
            text.resize(std::min<size_t>(text.size(), VDT_PREFIX_MAX));
            filter.approvers |= VDT_APPROVE_NAME_PREFIX;
            filter.prefix_lengths |= 1U << (text.size() - 1);
            break;
        case VDT_NAME_ENDS:
            std::reverse(text.begin(), text.end());
            text.resize(std::min<size_t>(text.size(), VDT_PREFIX_MAX));
            filter.approvers |= VDT_APPROVE_NAME_SUFFIX;
            filter.suffix_lengths |= 1U << (text.size() - 1);
            break;
        case VDT_NAME_PARENT:
            filter.approvers |= VDT_APPROVE_PARENT;
            break;
        case VDT_PATH_BEGINS:
            text.resize(std::min<size_t>(text.size(), VDT_PREFIX_MAX));
            filter.approvers |= VDT_APPROVE_PATH;
            filter.path_lengths |= 1U << (text.size() - 1);
            break;
        case VDT_NAME_TEXT:
            filter.approvers |= VDT_APPROVE_TEXT;
            break;
    }
    return add_name(vdt_name_key(name_hash(text), type, name.kind), out);
}

using Ranges = std::vector<std::pair<uint64_t, uint64_t>>;

/// Sorted, overlapping ones as one, and no more than there is room for: those that are closest grow together.
Ranges joined(Ranges ranges) {
    std::sort(ranges.begin(), ranges.end());
    Ranges out;
    for (const auto& [first, last] : ranges) {
        if (!out.empty() && (first <= out.back().second || first - out.back().second == 1))
            out.back().second = std::max(out.back().second, last);
        else
            out.emplace_back(first, last);
    }
    while (out.size() > VDT_RANGES) {
        size_t closest = 1;
        for (size_t i = 2; i < out.size(); ++i) {
            if (out[i].first - out[i - 1].second < out[closest].first - out[closest - 1].second)
                closest = i;
        }
        out[closest - 1].second = out[closest].second;
        out.erase(out.begin() + static_cast<ptrdiff_t>(closest));
    }
    return out;
}

void fill_number(const NumberFilter& from, vdt_number_filter& out) {
    out.any = from.any;
    out.none = from.none;
    out.has_none = from.has_none;
    for (const auto& [first, last] : joined(from.ranges))
        out.range[out.ranges++] = {first, last};
}

void fill_type(vdt_type type, const TypeFilter& from, vdt_filters& out) {
    vdt_type_filter& filter = out.type[type];
    filter.deny = from.deny;
    if (type == VDT_DNS)
        out.discarded_rcodes = from.discarded_rcodes;
    for (size_t i = 0; i < VDT_NUMBERS; ++i) {
        if (!from.numbers[i].empty())
            filter.approvers |= VDT_APPROVE_NUMBER(i);
        fill_number(from.numbers[i], filter.number[i]);
    }
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
        out.type[type].wanted =
            static_cast<uint8_t>(found->second.wanted | (filter.can_wait ? VDT_CAN_WAIT : 0));
        calls.insert(calls.end(), found->second.calls.begin(), found->second.calls.end());
        fill_type(type, filter, out);
    }
    const CallTable table = make_call_table(calls);
    static_assert(sizeof table == sizeof out.calls);
    std::memcpy(out.calls, table.data(), sizeof out.calls);
}

}  // namespace vedette::probe
