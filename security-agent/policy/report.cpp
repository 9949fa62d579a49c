// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/report.h"

namespace vedette::policy {

std::string_view to_string(PolicyStatus status) {
    switch (status) {
        case PolicyStatus::kLoaded:
            return "loaded";
        case PolicyStatus::kPartiallyLoaded:
            return "partially_loaded";
        case PolicyStatus::kError:
            return "error";
    }
    return "";
}

std::string_view to_string(RuleStatus status) {
    switch (status) {
        case RuleStatus::kLoaded:
            return "loaded";
        case RuleStatus::kFiltered:
            return "filtered";
        case RuleStatus::kError:
            return "error";
    }
    return "";
}

std::string_view to_string(RuleError error) {
    switch (error) {
        case RuleError::kNone:
            return "";
        case RuleError::kAgentVersion:
            return "agent_version_error";
        case RuleError::kAgentFilter:
            return "agent_filter_error";
        case RuleError::kEventDisabled:
            return "event_type_disabled";
        case RuleError::kSyntax:
            return "syntax_error";
        case RuleError::kOther:
            return "error";
    }
    return "";
}

}  // namespace vedette::policy
