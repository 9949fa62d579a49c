// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory_resource>

#include "security-agent/policy/version.h"
#include "security-agent/secl/compiler.h"

namespace vedette::policy {
namespace {

using secl::SourceText;

constexpr size_t kMaxShown = 5;  // filters in a message

std::string joined(const std::vector<SourceText>& filters) {
    std::string out;
    for (size_t i = 0; i < std::min(filters.size(), kMaxShown); ++i) {
        out += (out.empty() ? "" : "; ") + filters[i].text;
    }
    return filters.size() > kMaxShown ? out + "; ..." : out;
}

}  // namespace

Conditions::Conditions(std::string agent_version, const HostFacts& host)
    : agent_version_(std::move(agent_version)), host_(host) {}

Verdict Conditions::check(const std::optional<SourceText>& agent_version,
                          const std::vector<SourceText>& filters, const std::string& id,
                          secl::Diagnostics& diagnostics) {
    if (agent_version) {
        auto own = parse_version(agent_version_);
        auto met = own ? satisfies(*own, agent_version->text) : Result<bool>(forward_error(own));
        if (!met) {
            const auto size = static_cast<uint32_t>(agent_version->text.size());
            diagnostics.add(secl::Severity::kError, *agent_version, {0, std::max(1U, size)},
                            met.error().message, "", id);
            return {RuleStatus::kError, RuleError::kOther, "agent_version: " + met.error().message};
        }
        if (!*met) {
            return {RuleStatus::kFiltered, RuleError::kAgentVersion,
                    fmt::format("agent_version: {} does not fulfil '{}'", agent_version_,
                                agent_version->text)};
        }
    }
    bool any = filters.empty();
    for (const SourceText& filter : filters) {
        const std::optional<bool> met = host_fulfils(filter, id, diagnostics);
        if (!met) {
            return {RuleStatus::kError, RuleError::kOther,
                    fmt::format("the filter '{}' has an error", filter.text)};
        }
        any = any || *met;
    }
    if (any) {
        return {};
    }
    return {RuleStatus::kFiltered, RuleError::kAgentFilter,
            fmt::format("filters: this host fulfils none of them ({})", joined(filters))};
}

std::optional<bool> Conditions::host_fulfils(const SourceText& filter, const std::string& id,
                                             secl::Diagnostics& diagnostics) {
    if (const auto known = known_.find(filter.text); known != known_.end()) {
        return known->second;
    }
    secl::Diagnostics own;
    const auto condition = secl::compile_condition({id, filter}, host_field_table(), own);
    diagnostics.append(own);
    if (!condition) {
        return std::nullopt;
    }
    secl::EvalContext context;
    context.event = &host_;
    std::pmr::monotonic_buffer_resource scratch;
    context.scratch = &scratch;
    const bool met = !condition->evaluate(context, state_).matched.empty();
    known_[filter.text] = met;
    return met;
}

}  // namespace vedette::policy
