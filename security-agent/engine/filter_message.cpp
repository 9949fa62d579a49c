// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/filter_message.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fields.gen.h"
#include "security-agent/engine/filter_needs.h"
#include "security-agent/secl/filter_plan.h"
#include "security-agent/secl/static_fields.h"
#include "security-agent/secl/variables.h"

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
        case secl::ApproverKind::kPathPrefix:
            return v1::Approver::KIND_PATH_PREFIX;
        case secl::ApproverKind::kText:
            return v1::Approver::KIND_TEXT;
        case secl::ApproverKind::kContains:
            return v1::Approver::KIND_CONTAINS;
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

/// A packet is no event until a filter has chosen it: all that rules name are needed, whatever else they say.
void add_packet_filters(const policy::CompiledPolicies& policies, v1::FilterPlan& message) {
    constexpr std::string_view kField = "packet.filter";
    std::set<std::string> expressions;
    for (const secl::NumberedRule& rule : policies.bound)
        expressions.merge(secl::static_values(rule.rule.condition, kField));
    for (v1::TypeFilter& type : *message.mutable_types()) {
        if (type.event_type() != v1::Event::kPacketFieldNumber)
            continue;
        type.set_deny(true);
        type.clear_approvers();
        for (const std::string& expression : expressions) {
            v1::Approver& one = *type.add_approvers();
            one.set_kind(v1::Approver::KIND_TEXT);
            one.set_field(std::string(kField));
            one.set_text(expression);
        }
    }
}

/// A container or cgroup is over when its last process is; who sets a variable there needs to hear of all of them.
bool counts_processes(const secl::VariableTable& variables) {
    for (uint32_t i = 0; i < variables.size(); ++i) {
        const secl::Scope scope = variables.at(i).scope;
        if (scope == secl::Scope::kContainer || scope == secl::Scope::kCgroup)
            return true;
    }
    return false;
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
    add_needs(policies.bound, message);
    add_rcodes(policies.bound, message);
    add_packet_filters(policies, message);
    message.set_all_processes(counts_processes(*policies.variables));
    return message;
}

v1::FilterPlan whole_lifecycle() {
    v1::FilterPlan plan;
    for (const int type :
         {v1::Event::kForkFieldNumber, v1::Event::kExecFieldNumber, v1::Event::kExitFieldNumber})
        plan.add_types()->set_event_type(static_cast<uint32_t>(type));
    return plan;
}

v1::FilterPlan either(const v1::FilterPlan& one, const v1::FilterPlan& other) {
    v1::FilterPlan both = one;
    both.set_all_processes(one.all_processes() || other.all_processes());
    for (const v1::TypeFilter& type : other.types()) {
        v1::TypeFilter* same = nullptr;
        for (v1::TypeFilter& mine : *both.mutable_types())
            same = mine.event_type() == type.event_type() ? &mine : same;
        if (same == nullptr) {
            *both.add_types() = type;
            continue;
        }
        same->set_deny(same->deny() && type.deny());
        same->set_discarded_rcodes(same->discarded_rcodes() & type.discarded_rcodes());
        same->mutable_approvers()->MergeFrom(type.approvers());
    }
    for (const v1::OnDemandPoint& point : other.points())
        add_point(point.name(), point.strings(), both);
    return both;
}

}  // namespace vedette::engine
