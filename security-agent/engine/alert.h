// SPDX-License-Identifier: Apache-2.0
//
// An alert: one JSON object on one line, in the reference's shape (docs/reference/alerts.md).
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/engine/event_json.h"
#include "security-agent/engine/json_object.h"
#include "security-agent/engine/process_texts.h"
#include "security-agent/engine/workload_mirror.h"
#include "security-agent/policy/loader.h"
#include "vedette/v1/event.pb.h"

namespace vedette::engine {

/// What every alert says of the agent that wrote it.
struct AgentFacts {
    std::string version;
    std::string os = "linux";
    std::string arch;
    std::string origin = "ebpf";
    std::string kernel_version;
    std::string distribution;
};

/// Variables of an event's scopes that are set and not private (variable_json.h).
struct AlertVariables {
    boost::json::object global;
    boost::json::object process;
    boost::json::object container;
    boost::json::object cgroup;
};

/// Who and what an alert is about; all of it lives until the alert is written.
struct AlertSubject {
    const v1::Event& event;
    std::string_view event_name;
    std::string_view category;
    const v1::ProcessNode& process;
    const v1::ProcessNode* parent = nullptr;    ///< null: unknown
    std::span<const void* const> ancestors;     ///< v1::ProcessNode, nearest first
    ProcessLineage target;                      ///< whom a signal, ptrace or setrlimit was for
    std::span<const std::string_view> matched;  ///< RuleTexts::matched of the rules that match
    AlertVariables variables;
    std::string_view source = "runtime";
    std::string_view
        decided;  ///< "late", "incomplete" (docs/adr/0008-unknown-values.md); empty: at once
    const KnownWorkload* workload =
        nullptr;  ///< of the process's container; null: nothing is known
};

/// Members of `agent` that say where a line comes from.
void put_host(JsonObject& agent, const AgentFacts& facts);

/// Members from the alert's object down to an object in it.
using AlertPath = std::vector<std::string_view>;

/// The part that is the same for every rule that matched: all but `agent` and `title`.
class AlertEvent {
   public:
    AlertEvent() = default;
    AlertEvent(const AlertSubject& subject, ProcessTexts& texts);

    /// Adds members to the object at `path`. Nothing happens when it is not there.
    void insert(const AlertPath& path, const JsonObject& members);

    size_t size() const;  ///< of its text, at most
    /// As they stand between the braces of one object.
    void append_members(std::string& out) const;
    std::string text() const;

   private:
    JsonObject begin_;  ///< what stands before `process`
    JsonObject
        process_;  ///< nine tenths of the whole: apart from the rest, so that nobody has to search it
    JsonObject rest_;
};

/// What alerts say of their rule, the same in each of them.
struct RuleTexts {
    std::string head;     ///< the beginning of a line
    std::string matched;  ///< an element of evt.matched_rules

    RuleTexts(const AgentFacts& agent, const policy::RuleInfo& rule);
};
using RuleTextsPtr = std::shared_ptr<const RuleTexts>;

/// One line, without its newline.
std::string alert_line(std::string_view head, const AlertEvent& event);

}  // namespace vedette::engine
