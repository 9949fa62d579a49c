// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/answers.h"

#include <string>
#include <vector>

#include "fields.gen.h"
#include "security-agent/secl/diagnostics_json.h"
#include "security-agent/secl/filter_plan.h"

namespace vedette::app {
namespace {

void fill(const policy::PolicyReport& report, v1::PolicyReport& out) {
    out.set_name(secl::valid_utf8(report.name));
    out.set_version(secl::valid_utf8(report.version));
    out.set_status(std::string(policy::to_string(report.status)));
    out.set_message(secl::valid_utf8(report.message));
    for (const policy::RuleReport& rule : report.rules) {
        v1::RuleReport& one = *out.add_rules();
        one.set_id(secl::valid_utf8(rule.id));
        one.set_version(secl::valid_utf8(rule.version));
        one.set_expression(secl::valid_utf8(rule.expression));
        one.set_status(std::string(policy::to_string(rule.status)));
        one.set_message(secl::valid_utf8(rule.message));
    }
}

void fill(const secl::EventFilter& filter, v1::EventTypeReport& out) {
    out.set_event_type(std::string(filter.name));
    out.set_mode(filter.deny() ? "deny" : "accept");
    for (const secl::Approver& approver : filter.approvers) {
        v1::ApproverReport& one = *out.add_approvers();
        one.set_field(std::string(approver.field->name));
        one.set_value(secl::valid_utf8(secl::value_text(approver)));
        one.set_type(std::string(secl::type_name(approver)));
    }
    for (const secl::AcceptReason& reason : filter.accept_rules) {
        v1::AcceptReason& one = *out.add_accept_mode_rules();
        one.set_rule_id(secl::valid_utf8(reason.id));
        one.set_reason(secl::valid_utf8(reason.reason));
    }
}

}  // namespace

v1::SelfTestResult to_proto(const self_test::Outcome& outcome) {
    v1::SelfTestResult out;
    out.set_ok(outcome.passed());
    out.set_error(secl::valid_utf8(outcome.error));
    for (const std::string& name : outcome.success)
        out.add_success(name);
    for (const std::string& name : outcome.fails)
        out.add_fails(name);
    return out;
}

v1::ReloadPoliciesResult to_proto(const LoadOutcome& outcome) {
    v1::ReloadPoliciesResult out;
    out.set_ok(outcome.in_force);
    out.set_error(secl::valid_utf8(outcome.message));
    out.set_loaded(static_cast<uint32_t>(outcome.loaded));
    out.set_filtered(static_cast<uint32_t>(outcome.filtered));
    out.set_failed(static_cast<uint32_t>(outcome.failed));
    return out;
}

v1::RuleSetReport rule_set_report(const policy::CompiledPolicies& policies) {
    v1::RuleSetReport out;
    for (const policy::PolicyReport& policy : policies.policies)
        fill(policy, *out.add_policies());
    std::vector<std::string> ids;
    for (const policy::RuleInfo& rule : policies.rules)
        ids.push_back(secl::valid_utf8(rule.id));
    for (const secl::EventFilter& filter :
         secl::plan_filters(policies.bound, ids, engine::field_table()).events)
        fill(filter, *out.add_filters());
    return out;
}

}  // namespace vedette::app
