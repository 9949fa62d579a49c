// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/filter_plan.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "system-probe/decode/event_type.h"
#include "system-probe/filters/filter_fields.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {
namespace {

/// What processes become without a fork or an exec.
constexpr vdt_type kIdentities[] = {VDT_SETUID, VDT_SETGID, VDT_CAPSET, VDT_NAMESPACES, VDT_COMM};

constexpr unsigned kNoError = 0;  // the DNS response code

/// Whole: the process tree has what no rule is about, too.
void keep(vdt_type type, FilterPlan& plan) {
    const auto [at, added] = plan.try_emplace(type);
    at->second = {.can_wait = added || at->second.can_wait};
}

std::optional<vdt_name_kind> name_kind(FilterUse use, v1::Approver::Kind kind) {
    if (use == FilterUse::kText)
        return kind == v1::Approver::KIND_TEXT ? std::optional(VDT_NAME_TEXT) : std::nullopt;
    switch (kind) {
        case v1::Approver::KIND_BASENAME:
            return VDT_NAME_IS;
        case v1::Approver::KIND_BASENAME_PREFIX:
            return VDT_NAME_BEGINS;
        case v1::Approver::KIND_BASENAME_SUFFIX:
            return VDT_NAME_ENDS;
        case v1::Approver::KIND_PARENT:
            return VDT_NAME_PARENT;
        case v1::Approver::KIND_PATH_PREFIX:
            return VDT_PATH_BEGINS;
        default:
            return std::nullopt;
    }
}

bool add_number(const v1::Approver& approver, NumberFilter& filter) {
    const auto first = static_cast<uint64_t>(approver.first());
    switch (approver.kind()) {
        case v1::Approver::KIND_FLAGS_ANY:
            filter.any |= first;
            return true;
        case v1::Approver::KIND_FLAGS_NONE:
            // Two masks would need two tests; their common bits let more pass.
            filter.none = filter.has_none ? filter.none & first : first;
            filter.has_none = true;
            return true;
        case v1::Approver::KIND_VALUE:
            filter.ranges.emplace_back(first, first);
            return true;
        case v1::Approver::KIND_RANGE:
            filter.ranges.emplace_back(first, static_cast<uint64_t>(approver.last()));
            return approver.first() >= 0 && approver.last() >= approver.first();
        default:
            return false;
    }
}

/// False when the hooks cannot decide by it.
bool add(vdt_type type, const v1::Approver& approver, TypeFilter& filter) {
    // Another field's name or number would be compared with the wrong thing.
    const auto field = find_filter_field(type, approver.field());
    if (!field)
        return false;
    if (field->use == FilterUse::kNumber)
        return add_number(approver, filter.numbers[field->number]);
    const auto kind = name_kind(field->use, approver.kind());
    if (!kind || approver.text().empty())
        return false;
    filter.names.push_back({*kind, approver.text()});
    return true;
}

TypeFilter read_type(vdt_type type, const v1::TypeFilter& message) {
    TypeFilter filter;
    filter.deny = message.deny();
    filter.discarded_rcodes = message.discarded_rcodes();
    for (const v1::Approver& approver : message.approvers()) {
        if (!add(type, approver, filter))
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

void keep_identities(FilterPlan& plan) {
    for (const vdt_type type : kIdentities)
        keep(type, plan);
}

FilterPlan read_filter_plan(const v1::FilterPlan& message, bool filter_in_kernel) {
    FilterPlan plan;
    for (const v1::TypeFilter& one : message.types()) {
        const EventType* type = find_event_type_of_payload(one.event_type());
        if (type == nullptr)
            continue;
        if (type->type == VDT_PACKET) {
            plan[VDT_PACKET] = read_packet_type(one);
            continue;
        }
        plan[type->type] = filter_in_kernel ? read_type(type->type, one) : TypeFilter{};
    }
    // The record of an exec says who its process is, so who asks for nothing else spares the host a program that runs at
    // the end of every system call (ADR 24).
    if (std::ranges::any_of(plan, [](const auto& one) { return one.first != VDT_EXEC; }))
        keep_identities(plan);
    keep(VDT_FORK, plan);
    keep(VDT_EXIT, plan);
    for (const vdt_type type : {VDT_EXEC, VDT_CGROUP})
        plan[type] = {};
    // The names of their peers are in DNS answers; those are no event, but all are read.
    if (plan.contains(VDT_CONNECT) || plan.contains(VDT_ACCEPT))
        plan[VDT_DNS].discarded_rcodes &= ~(1U << kNoError);
    return plan;
}

}  // namespace vedette::probe
