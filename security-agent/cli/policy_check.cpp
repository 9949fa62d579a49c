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

// What the kernel may drop for these rules (reference section 4.4).
boost::json::object filters_of(const CompiledPolicies& compiled, const secl::FieldTable& fields) {
    std::vector<std::string> ids;
    for (const policy::RuleInfo& rule : compiled.rules) {
        ids.push_back(rule.id);
    }
    return secl::to_json(secl::plan_filters(compiled.bound, ids, fields));
}

void write_json(const CompiledPolicies& compiled, const secl::FieldTable& fields,
                std::ostream& out) {
    boost::json::object report;
    report["policies"] = policy::policies_json(compiled.policies);
    report["filters"] = filters_of(compiled, fields);
    report["diagnostics"] = secl::to_json(compiled.diagnostics);
    out << boost::json::serialize(report) << '\n';
}

void write_text(const CompiledPolicies& compiled, std::ostream& out) {
    out << secl::render(compiled.diagnostics);
    size_t totals[3] = {};
    for (const PolicyReport& policy : compiled.policies) {
        size_t counts[3] = {};
        for (const RuleReport& rule : policy.rules) {
            ++counts[static_cast<size_t>(rule.status)];
            ++totals[static_cast<size_t>(rule.status)];
        }
        out << fmt::format("{}: {}, rules: {} loaded, {} filtered, {} failed\n",
                           valid_utf8(policy.name), to_string(policy.status), counts[0], counts[1],
                           counts[2]);
        for (const RuleReport& rule : policy.rules) {
            if (rule.status == RuleStatus::kFiltered) {
                out << fmt::format("  {} is filtered: {}\n", valid_utf8(rule.id),
                                   valid_utf8(rule.message));
            }
        }
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
        write_text(compiled, out);
    }
    return compiled.ok() ? 0 : 1;
}

}  // namespace vedette::cli
