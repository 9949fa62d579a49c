// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/policy_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <ostream>

#include "security-agent/policy/loader.h"
#include "security-agent/policy/report_json.h"
#include "security-agent/secl/diagnostics_json.h"
#include "security-agent/secl/filter_plan.h"

namespace vedette::cli {
namespace {

using policy::CompiledPolicies;
using policy::PolicyReport;
using policy::RuleReport;
using policy::RuleStatus;
using secl::valid_utf8;

// A policy file cannot write to the terminal.
std::string shown(std::string_view text) {
    std::string out;
    for (const char c : valid_utf8(text)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

constexpr size_t kMaxShown = 5;  // approvers or rules of one event type, in the text

// What the kernel may drop for these rules (reference section 4.4).
secl::FilterPlan filters_of(const CompiledPolicies& compiled, const secl::FieldTable& fields) {
    std::vector<std::string> ids;
    for (const policy::RuleInfo& rule : compiled.rules) {
        ids.push_back(rule.id);
    }
    return secl::plan_filters(compiled.bound, ids, fields);
}

void write_json(const CompiledPolicies& compiled, const secl::FieldTable& fields,
                std::ostream& out) {
    boost::json::object report;
    report["policies"] = policy::policies_json(compiled.policies);
    report["filters"] = secl::to_json(filters_of(compiled, fields));
    report["diagnostics"] = secl::to_json(compiled.diagnostics);
    out << boost::json::serialize(report) << '\n';
}

void write_filter(const secl::EventFilter& filter, std::ostream& out) {
    size_t printed = 0;
    const size_t all = filter.deny() ? filter.approvers.size() : filter.accept_rules.size();
    if (filter.deny()) {
        out << fmt::format("{} events reach the agent when one of these holds:\n", filter.name);
        for (const secl::Approver& approver : filter.approvers) {
            if (printed++ < kMaxShown) {
                out << fmt::format("  {} {} {}\n", approver.field->name, secl::type_name(approver),
                                   shown(secl::value_text(approver)));
            }
        }
    } else {
        out << fmt::format("all {} events reach the agent, because of these rules:\n", filter.name);
        for (const secl::AcceptReason& rule : filter.accept_rules) {
            if (printed++ < kMaxShown) {
                out << fmt::format("  {}: {}\n", shown(rule.id), shown(rule.reason));
            }
        }
    }
    if (all > kMaxShown) {
        out << fmt::format("  and {} more (--json has them all)\n", all - kMaxShown);
    }
}

void write_text(const CompiledPolicies& compiled, const secl::FieldTable& fields,
                std::ostream& out) {
    out << secl::render(compiled.diagnostics);
    size_t totals[3] = {};
    for (const PolicyReport& policy : compiled.policies) {
        size_t counts[3] = {};
        for (const RuleReport& rule : policy.rules) {
            ++counts[static_cast<size_t>(rule.status)];
            ++totals[static_cast<size_t>(rule.status)];
        }
        out << fmt::format("{}: {}, rules: {} loaded, {} filtered, {} failed\n", shown(policy.name),
                           to_string(policy.status), counts[0], counts[1], counts[2]);
        for (const RuleReport& rule : policy.rules) {
            if (rule.status == RuleStatus::kFiltered) {
                out << fmt::format("  {} is filtered: {}\n", shown(rule.id), shown(rule.message));
            }
        }
    }
    for (const secl::EventFilter& filter : filters_of(compiled, fields).events) {
        write_filter(filter, out);
    }
    out << fmt::format(
        "{} policies, {} rules loaded, {} filtered, {} failed; {} errors, {} warnings\n",
        compiled.policies.size(), totals[0], totals[1], totals[2], compiled.diagnostics.errors(),
        compiled.diagnostics.warnings());
}

}  // namespace

int run_policy_check(const PolicyCheckOptions& options, const secl::FieldTable& fields,
                     std::ostream& out, std::ostream& err) {
    policy::LoadOptions load;
    load.agent_version = options.agent_version;
    load.host = options.host;
    auto loaded = policy::load_policies(options.path, load);
    if (!loaded) {
        err << "error: " << loaded.error().message << '\n';
        return 1;
    }
    const CompiledPolicies compiled = policy::compile_policies(std::move(*loaded), fields);
    if (options.json) {
        write_json(compiled, fields, out);
    } else {
        write_text(compiled, fields, out);
    }
    return compiled.ok() ? 0 : 1;
}

}  // namespace vedette::cli
