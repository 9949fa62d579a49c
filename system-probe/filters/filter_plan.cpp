// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/filter_plan.h"

#include <set>
#include <string>

#include "system-probe/decode/event_type.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {
namespace {

/// Processes, and what they may do: the tree is wrong without them.
constexpr vdt_type kAlways[] = {VDT_FORK,   VDT_EXEC,   VDT_EXIT,   VDT_CGROUP,
                                VDT_SETUID, VDT_SETGID, VDT_CAPSET, VDT_NAMESPACES};

/// Types whose hooks look at approvers.
bool is_filtered(vdt_type type) {
    return type == VDT_OPEN;
}

const EventType* type_of_payload(uint32_t payload_field) {
    for (const EventType& type : event_types()) {
        if (payload_field != 0 && type.payload_field == payload_field)
            return &type;
    }
    return nullptr;
}

bool is_name(v1::Approver::Kind kind) {
    return kind == v1::Approver::KIND_BASENAME || kind == v1::Approver::KIND_BASENAME_PREFIX ||
           kind == v1::Approver::KIND_PARENT;
}

/// What the hooks look at: another field's name or flags would be compared with the wrong thing.
bool is_of_open(const v1::Approver& approver) {
    const std::string& field = approver.field();
    return is_name(approver.kind()) ? field == "open.file.path" || field == "open.file.name"
                                    : field == "open.flags";
}

/// False when the hooks cannot decide by it.
bool add(const v1::Approver& approver, TypeFilter& filter) {
    if (!is_of_open(approver) || (is_name(approver.kind()) && approver.text().empty()))
        return false;
    switch (approver.kind()) {
        case v1::Approver::KIND_BASENAME:
            filter.names.push_back({VDT_NAME_IS, approver.text()});
            return true;
        case v1::Approver::KIND_BASENAME_PREFIX:
            filter.names.push_back({VDT_NAME_BEGINS, approver.text()});
            return true;
        case v1::Approver::KIND_PARENT:
            filter.names.push_back({VDT_NAME_PARENT, approver.text()});
            return true;
        case v1::Approver::KIND_FLAGS_ANY:
            filter.flags_any |= static_cast<uint32_t>(approver.first());
            return true;
        case v1::Approver::KIND_FLAGS_NONE:
            // Two masks would need two tests; their common bits let more pass.
            filter.flags_none = filter.has_flags_none
                                    ? filter.flags_none & static_cast<uint32_t>(approver.first())
                                    : static_cast<uint32_t>(approver.first());
            filter.has_flags_none = true;
            return true;
        default:
            return false;
    }
}

TypeFilter read_type(const v1::TypeFilter& message) {
    TypeFilter filter;
    filter.deny = message.deny();
    for (const v1::Approver& approver : message.approvers()) {
        if (!add(approver, filter))
            return {};
    }
    return filter;
}

TypeFilter read_packet_type(const v1::TypeFilter& message) {
    std::set<std::string> expressions;
    for (const v1::Approver& approver : message.approvers()) {
        if (approver.kind() == v1::Approver::KIND_TEXT && approver.field() == "packet.filter")
            expressions.insert(approver.text());
    }
    TypeFilter filter;
    filter.packet_filters.assign(expressions.begin(), expressions.end());
    return filter;
}

}  // namespace

FilterPlan plan_before_agent() {
    FilterPlan plan;
    for (const EventType& type : event_types()) {
        // Capability checks are many, and few ask for them.
        if (type.type != VDT_CAPABILITIES && (VDT_RESERVED_TYPES >> type.type & 1) != 0)
            plan[type.type];
    }
    plan[VDT_OPEN];
    plan[VDT_CONNECT];
    plan[VDT_DNS];
    return plan;
}

FilterPlan read_filter_plan(const v1::FilterPlan& message, bool filter_in_kernel) {
    FilterPlan plan;
    for (const v1::TypeFilter& one : message.types()) {
        const EventType* type = type_of_payload(one.event_type());
        if (type == nullptr)
            continue;
        if (type->type == VDT_PACKET) {
            plan[VDT_PACKET] = read_packet_type(one);
            continue;
        }
        plan[type->type] =
            filter_in_kernel && is_filtered(type->type) ? read_type(one) : TypeFilter{};
    }
    for (const vdt_type type : kAlways)
        plan[type] = {};
    // The names of their peers are in DNS answers.
    if (plan.contains(VDT_CONNECT) || plan.contains(VDT_ACCEPT))
        plan[VDT_DNS];
    return plan;
}

}  // namespace vedette::probe
