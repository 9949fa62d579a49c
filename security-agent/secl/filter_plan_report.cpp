// SPDX-License-Identifier: Apache-2.0
//
// The plan asked about one event, and as a report.
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "common/path_elements.h"
#include "security-agent/secl/diagnostics_json.h"
#include "security-agent/secl/explain_values.h"
#include "security-agent/secl/filter_plan.h"
#include "security-agent/secl/read_values.h"

namespace vedette::secl {
namespace {

bool passes(const Approver& approver, std::string_view value) {
    switch (approver.kind) {
        case ApproverKind::kBasename:
            return last_element(value) == approver.text;
        case ApproverKind::kBasenamePrefix:
            return last_element(value).starts_with(approver.text);
        case ApproverKind::kBasenameSuffix:
            return last_element(value).ends_with(approver.text);
        case ApproverKind::kParent:
            return parent_element(value) == approver.text;
        case ApproverKind::kPathPrefix:
            return value.starts_with(approver.text);
        case ApproverKind::kText:
            return value == approver.text;
        case ApproverKind::kContains:
            return value.find(approver.text) != std::string_view::npos;
        default:
            return false;
    }
}

bool passes(const Approver& approver, int64_t value) {
    switch (approver.kind) {
        case ApproverKind::kFlagsAny:
            return (value & approver.first) != 0;
        case ApproverKind::kFlagsNone:
            return (value & approver.first) == 0;
        case ApproverKind::kValue:
        case ApproverKind::kRange:
            return approver.first <= value && value <= approver.last;
        default:
            return false;
    }
}

}  // namespace

const Approver* approving(const EventFilter& filter, const EvalContext& context) {
    SlotValues values;
    const FieldDef* read = nullptr;
    for (const Approver& approver : filter.approvers) {
        if (approver.field != read) {
            read = approver.field;
            read_values({.field = read}, context, {}, values);
        }
        const auto pass = [&](auto value) { return passes(approver, value); };
        if (std::any_of(values.strings.begin(), values.strings.end(), pass) ||
            std::any_of(values.ints.begin(), values.ints.end(), pass)) {
            return &approver;
        }
    }
    return nullptr;
}

std::string_view type_name(const Approver& approver) {
    switch (approver.kind) {
        case ApproverKind::kBasename:
        case ApproverKind::kBasenamePrefix:
        case ApproverKind::kBasenameSuffix:
            return "basename";
        case ApproverKind::kParent:
            return "parent";
        case ApproverKind::kPathPrefix:
            return "prefix";
        case ApproverKind::kText:
            return "name";
        case ApproverKind::kContains:
            return "piece";
        case ApproverKind::kFlagsAny:
        case ApproverKind::kFlagsNone:
            return "flag";
        case ApproverKind::kRange:
            return "range";
        case ApproverKind::kValue:
            break;
    }
    return approver.field->name.ends_with(".in_upper_layer") ? "in_upper_layer"
           : approver.field->name == "process.auid"          ? "auid"
                                                             : "value";
}

std::string value_text(const Approver& approver) {
    const std::string_view family = approver.field->constants;
    switch (approver.kind) {
        case ApproverKind::kBasename:
        case ApproverKind::kParent:
        case ApproverKind::kText:
            return approver.text;
        case ApproverKind::kBasenamePrefix:
        case ApproverKind::kPathPrefix:
            return approver.text + "*";
        case ApproverKind::kBasenameSuffix:
            return "*" + approver.text;
        case ApproverKind::kContains:
            return "*" + approver.text + "*";
        case ApproverKind::kFlagsNone:
            return constant_text(family, 0);
        case ApproverKind::kFlagsAny:
        case ApproverKind::kValue:
            break;
        case ApproverKind::kRange:
            return fmt::format("{}..{}", constant_text(family, approver.first),
                               constant_text(family, approver.last));
    }
    if (approver.field->type == ValueType::kBool) {
        return approver.first != 0 ? "true" : "false";
    }
    return constant_text(family, approver.first);
}

boost::json::object to_json(const FilterPlan& plan) {
    boost::json::object out;
    for (const EventFilter& filter : plan.events) {
        boost::json::object approvers;
        for (const Approver& approver : filter.approvers) {
            boost::json::value& list = approvers[approver.field->name];
            if (list.is_null()) {
                list = boost::json::array();
            }
            list.as_array().push_back(
                {{"value", valid_utf8(value_text(approver))}, {"type", type_name(approver)}});
        }
        boost::json::array rules;
        for (const AcceptReason& rule : filter.accept_rules) {
            rules.push_back({{"id", valid_utf8(rule.id)}, {"reason", valid_utf8(rule.reason)}});
        }
        boost::json::object& event = out[filter.name].emplace_object();
        event["mode"] = filter.deny() ? "deny" : "accept";
        event["approvers"] = std::move(approvers);
        event["accept_mode_rules"] = std::move(rules);
    }
    return out;
}

}  // namespace vedette::secl
