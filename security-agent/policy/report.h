// SPDX-License-Identifier: Apache-2.0
//
// What became of every file and rule of a load: what `policy check`, the status page and the `ruleset_loaded` event
// show (reference section 3.7).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vedette::policy {

struct YamlNode;

enum class PolicyStatus : uint8_t { kLoaded, kPartiallyLoaded, kError };
enum class RuleStatus : uint8_t { kLoaded, kFiltered, kError };
/// Why a rule is not in force (reference section 1.10).
enum class RuleError : uint8_t {
    kNone,
    kAgentVersion,   ///< "agent_version_error": its agent_version is not met
    kAgentFilter,    ///< "agent_filter_error": its filters are not met
    kEventDisabled,  ///< "event_type_disabled": the probe has that event type switched off
    kSyntax,         ///< "syntax_error": the expression cannot be parsed
    kOther,          ///< "error"
};

std::string_view to_string(PolicyStatus status);
std::string_view to_string(RuleStatus status);
/// "" for kNone.
std::string_view to_string(RuleError error);

/// "key: value" of a rule, in the file's order.
using Tags = std::vector<std::pair<std::string, std::string>>;

/// What became of one rule of a file. A rule that changes another has a report of its own in its file; what is in force
/// is told by the report of the rule it changes.
struct RuleReport {
    std::string id;
    std::string version;
    RuleStatus status = RuleStatus::kLoaded;
    RuleError error = RuleError::kNone;
    std::string message;     ///< why it is filtered or failed
    std::string expression;  ///< as in force
    Tags tags;
    std::vector<std::string> product_tags;
    std::vector<std::shared_ptr<const YamlNode>> actions;  ///< as written, of checked ones
    std::vector<uint32_t> modified_by;  ///< policies whose rules changed it, in their order
};

/// What became of one file.
struct PolicyReport {
    std::string name;  ///< file name
    std::string version;
    std::string type;  ///< "policy" or "content_pack"
    std::string path;
    PolicyStatus status = PolicyStatus::kLoaded;
    std::string message;
    std::vector<RuleReport> rules;
};

}  // namespace vedette::policy
