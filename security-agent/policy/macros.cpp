// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/macros.h"

#include <fmt/format.h>

#include <iterator>

#include "security-agent/secl/constants.h"

namespace vedette::policy {
namespace {

using secl::Severity;

secl::MacroSource source_of(MacroDefinition macro) {
    secl::MacroSource source;
    source.id = std::move(macro.id);
    if (macro.expression) {
        source.body = std::move(*macro.expression);
    } else {
        source.body = std::move(macro.values);
    }
    return source;
}

void note_partial(PolicyReport& policy, std::string message) {
    if (policy.status == PolicyStatus::kLoaded) {
        policy.status = PolicyStatus::kPartiallyLoaded;
        policy.message = std::move(message);
    }
}

}  // namespace

void MacroCollector::add(MacroDefinition macro, PolicyReport& policy) {
    const Verdict verdict =
        macro.ok ? conditions_.check(macro.agent_version, macro.filters, macro.id, diagnostics_)
                 : Verdict{RuleStatus::kError, RuleError::kOther, ""};
    if (verdict.status == RuleStatus::kError) {
        note_partial(policy, fmt::format("macro '{}' has an error", macro.id));
    }
    if (verdict.status != RuleStatus::kLoaded) {
        return;
    }
    if (secl::find_constant(macro.id) != nullptr) {
        diagnostics_.add(Severity::kWarning, macro.place, {0, 1},
                         fmt::format("macro '{}' is never used: a constant of the language has its "
                                     "name",
                                     macro.id),
                         "choose another id", macro.id);
    }
    const auto [it, fresh] = index_.emplace(macro.id, macros_.size());
    if (fresh) {
        places_.push_back(macro.place);
        macros_.push_back(source_of(std::move(macro)));
    } else if (macro.combine == Combine::kOverride) {
        macros_[it->second] = source_of(std::move(macro));
    } else if (macro.combine == Combine::kMerge) {
        merge(macros_[it->second], std::move(macro), policy);
    } else {
        diagnostics_.add(
            Severity::kWarning, macro.place, {0, 1},
            fmt::format("macro '{}' is already defined at {}: the first definition counts",
                        macro.id, where(places_[it->second])),
            "add 'combine: merge' or 'combine: override', or choose another id", macro.id);
    }
}

void MacroCollector::merge(secl::MacroSource& into, MacroDefinition macro, PolicyReport& policy) {
    auto* values = std::get_if<std::vector<std::string>>(&into.body);
    if (macro.expression) {
        into.merged.push_back(std::move(*macro.expression));
    } else if (values != nullptr) {
        std::move(macro.values.begin(), macro.values.end(), std::back_inserter(*values));
    } else {
        diagnostics_.add(
            Severity::kError, macro.place, {0, 1},
            fmt::format("cannot merge values into macro '{}' of {}: it is an expression", macro.id,
                        where(places_[index_.at(macro.id)])),
            "merge an expression that is a list", macro.id);
        note_partial(policy, fmt::format("macro '{}' cannot be merged", macro.id));
    }
}

std::string where(const secl::SourceText& place) {
    if (!place.file) {
        return "?";
    }
    const std::string& path = place.file->name();
    return fmt::format("{}:{}", path.substr(path.rfind('/') + 1),
                       place.file->position(place.file_offset(0)).line);
}

}  // namespace vedette::policy
