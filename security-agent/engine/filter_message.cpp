// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/filter_message.h"

#include <string>
#include <vector>

#include "fields.gen.h"
#include "security-agent/secl/filter_plan.h"

namespace vedette::engine {
namespace {

v1::Approver::Kind kind_of(secl::ApproverKind kind) {
    switch (kind) {
        case secl::ApproverKind::kBasename:
            return v1::Approver::KIND_BASENAME;
        case secl::ApproverKind::kBasenamePrefix:
            return v1::Approver::KIND_BASENAME_PREFIX;
        case secl::ApproverKind::kBasenameSuffix:
            return v1::Approver::KIND_BASENAME_SUFFIX;
        case secl::ApproverKind::kParent:
            return v1::Approver::KIND_PARENT;
        case secl::ApproverKind::kText:
            return v1::Approver::KIND_TEXT;
        case secl::ApproverKind::kFlagsAny:
            return v1::Approver::KIND_FLAGS_ANY;
        case secl::ApproverKind::kFlagsNone:
            return v1::Approver::KIND_FLAGS_NONE;
        case secl::ApproverKind::kValue:
            return v1::Approver::KIND_VALUE;
        case secl::ApproverKind::kRange:
            return v1::Approver::KIND_RANGE;
    }
    return v1::Approver::KIND_UNSPECIFIED;
}

void fill(const secl::EventFilter& filter, v1::TypeFilter& out) {
    out.set_event_type(static_cast<uint32_t>(filter.event));
    out.set_deny(filter.deny());
    if (!filter.deny())
        return;
    for (const secl::Approver& approver : filter.approvers) {
        v1::Approver& one = *out.add_approvers();
        one.set_kind(kind_of(approver.kind));
        one.set_field(std::string(approver.field->name));
        one.set_text(approver.text);
        one.set_first(approver.first);
        one.set_last(approver.last);
    }
}

}  // namespace

v1::FilterPlan filter_message(const policy::CompiledPolicies& policies) {
    std::vector<std::string> ids;
    for (const policy::RuleInfo& rule : policies.rules)
        ids.push_back(rule.id);
    v1::FilterPlan message;
    for (const secl::EventFilter& filter :
         secl::plan_filters(policies.bound, ids, field_table()).events)
        fill(filter, *message.add_types());
    return message;
}

v1::FilterPlan either(const v1::FilterPlan& one, const v1::FilterPlan& other) {
    v1::FilterPlan both = one;
    for (const v1::TypeFilter& type : other.types()) {
        v1::TypeFilter* same = nullptr;
        for (v1::TypeFilter& mine : *both.mutable_types())
            same = mine.event_type() == type.event_type() ? &mine : same;
        if (same == nullptr) {
            *both.add_types() = type;
            continue;
        }
        same->set_deny(same->deny() && type.deny());
        same->mutable_approvers()->MergeFrom(type.approvers());
    }
    return both;
}

}  // namespace vedette::engine
