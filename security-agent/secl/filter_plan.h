// SPDX-License-Identifier: Apache-2.0
//
// What the kernel may drop before anybody reads it. An approver is one cheap test of an event that the kernel can do;
// the approvers of a rule are a necessary condition of it: every event that the rule matches passes at least one of
// them. An event type whose rules all have approvers is in mode "deny": the kernel drops what passes none. One rule
// without any puts the whole type in mode "accept". Reference sections 4.1 and 4.2. Execs are dropped by the probe, once
// it knows the process, so that they are tested on more (docs/adr/0030-execs-that-no-rule-can-match.md).
//
// The plan is data: a loader turns it into BPF maps, `policy check` into a report, `policy explain` asks it about one
// event. Names are those of the path that the language reads, also where a mount point lies in between (the
// kernel's dentry of a mounted root has another name).
#pragma once

#include <boost/json/object.hpp>

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/compiler.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/field.h"

namespace vedette::secl {

enum class ApproverKind : uint8_t {
    kBasename,        ///< the last element of a path, or a file name, is `text`
    kBasenamePrefix,  ///< ... begins with `text`
    kBasenameSuffix,  ///< ... ends in `text`
    kParent,          ///< the element before the last is `text`
    kPathPrefix,      ///< the path begins with `text`
    kText,            ///< the string is `text`
    kContains,        ///< `text` stands in it
    kFlagsAny,        ///< value & first != 0
    kFlagsNone,       ///< value & first == 0: O_RDONLY is no bit
    kValue,           ///< value == first
    kRange,           ///< first <= value <= last
};

struct Approver {
    const FieldDef* field = nullptr;
    ApproverKind kind = ApproverKind::kValue;
    std::string text;
    int64_t first = 0;  ///< as the language reads the field: sign-extended, errno negative
    int64_t last = 0;
    bool operator==(const Approver&) const = default;
};

/// Why one rule keeps its event type unfiltered.
struct AcceptReason {
    uint32_t rule = 0;  ///< NumberedRule::number
    std::string id;
    std::string reason;
};

struct EventFilter {
    EventTypeId event = kAnyEvent;
    std::string_view name;
    std::vector<Approver>
        approvers;  ///< of all rules that have some; by field, each once, masks joined
    std::vector<AcceptReason> accept_rules;  ///< empty in mode "deny"

    bool deny() const { return accept_rules.empty(); }
};

struct FilterPlan {
    std::vector<EventFilter>
        events;  ///< that some rule is for, by name; no other event need be collected

    /// Null when no rule is for it.
    const EventFilter* find(EventTypeId event) const;
};

/// Names of files, and beginnings of paths, are a map of this size in the kernel, for all event types together; types that
/// do not fit any more are in mode "accept".
inline constexpr size_t kMaxBasenameApprovers = 4096;

/// `rule_ids` by NumberedRule::number. `fields` must be the table the rules were compiled with and outlive the plan.
FilterPlan plan_filters(std::span<const NumberedRule> rules, std::span<const std::string> rule_ids,
                        const FieldTable& fields);

/// The first approver that lets this event pass; null when none does. What the kernel will do, on the values that the
/// language reads.
const Approver* approving(const EventFilter& filter, const EvalContext& context);

/// "basename", "parent", "prefix", "name", "flag", "auid", "in_upper_layer", "range", "value", "piece".
std::string_view type_name(const Approver& approver);
/// The value with its constants by name: "passwd", "id_*", "/etc/*", "O_CREAT|O_TRUNC", "0..4294967294".
std::string value_text(const Approver& approver);

/// {"open": {"mode": "deny", "approvers": {"open.file.path": [{"value", "type"}]},
///           "accept_mode_rules": [{"id", "reason"}]}}
boost::json::object to_json(const FilterPlan& plan);

}  // namespace vedette::secl
