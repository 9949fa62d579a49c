// SPDX-License-Identifier: Apache-2.0
//
// One event with all that it is about: its process, the process it was done to, their ancestors, its flows. It is
// the event as rules read it (EvalContext) and where it stands among the scopes of variables.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "security-agent/engine/event_json.h"
#include "security-agent/engine/process_mirror.h"
#include "security-agent/engine/scopes.h"
#include "security-agent/secl/eval_context.h"
#include "vedette/v1/event.pb.h"

namespace vedette::engine {

/// Stands for a process that nobody knows.
const v1::ProcessNode& unknown_process();

/// "open", for the number of a payload; "unknown" for one that this version does not have.
std::string event_type_name(int number);

class EventSubject final : public ScopeSource {
   public:
    /// Lists that are filled when somebody asks: kept from event to event for their memory.
    struct Buffers {
        std::vector<const void*> ancestors;
        std::vector<const void*> target_ancestors;
        std::vector<const void*> flows;
        std::vector<ProcessScopeKey> generations;
    };

    /// All must outlive the subject, and the mirror must not change. `kin`: of the process that acted.
    EventSubject(const ProcessMirror& mirror, const v1::Event& event,
                 const secl::EventTypeDef& type, ProcessMirror::Kin kin, Buffers& buffers);
    EventSubject(const EventSubject&) = delete;
    EventSubject& operator=(const EventSubject&) = delete;

    const v1::Event& event() const { return event_; }
    const secl::EventTypeDef& type() const { return type_; }
    const v1::ProcessNode& process() const { return *process_; }
    const v1::ProcessNode* parent() const { return parent_; }
    const v1::ProcessNode* target() const { return target_; }
    bool known_process() const { return process_ != &unknown_process(); }
    std::span<const void* const> ancestors() const;
    ProcessLineage target_lineage() const { return {target_, target_parent_, target_ancestors()}; }

    /// What the event itself says: type, objects, lists. The rest is the caller's to fill in.
    secl::EvalContext& context() { return context_; }
    const secl::EvalContext& context() const { return context_; }

    /// Ids of containers around it whose metadata is on its way.
    std::vector<std::string> pending_containers();

    /// @name ScopeSource
    /// @{
    std::string_view scope_key(secl::Scope scope) const override;
    std::string scope_label(secl::Scope scope) const override;
    std::string_view ancestor_key(size_t generation) const override;
    uint32_t pid() const override { return process_->pid(); }
    /// @}

   private:
    static std::span<const void* const> elements(const secl::EvalContext& context,
                                                 secl::Subject iterator);
    std::span<const void* const> target_ancestors() const;
    std::span<const void* const> flows();

    const ProcessMirror& mirror_;
    const v1::Event& event_;
    const secl::EventTypeDef& type_;
    const v1::ProcessNode* process_;
    const v1::ProcessNode* parent_;         ///< null: unknown
    const v1::ProcessNode* target_;         ///< null: unknown, or the event has none
    const v1::ProcessNode* target_parent_;  ///< null: unknown
    Buffers& buffers_;
    secl::EvalContext context_;
    mutable bool ancestors_listed_ = false;
    mutable bool target_ancestors_listed_ = false;
    bool flows_listed_ = false;
    mutable bool generations_listed_ = false;
    mutable ProcessScopeKey process_key_{};
    mutable std::string cgroup_key_;
};

}  // namespace vedette::engine
