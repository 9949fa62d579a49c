// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/event_subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vedette::engine {
namespace {

uint64_t target_key(const v1::Event& event) {
    switch (event.payload_case()) {
        case v1::Event::kSignal:
            return event.signal().target_key();
        case v1::Event::kPtrace:
            return event.ptrace().target_key();
        case v1::Event::kSetrlimit:
            return event.setrlimit().target_key();
        default:
            return 0;
    }
}

const v1::ProcessNode* or_unknown(const v1::ProcessNode* process) {
    return process ? process : &unknown_process();
}

}  // namespace

const v1::ProcessNode& unknown_process() {
    return v1::ProcessNode::default_instance();
}

std::string event_type_name(int number) {
    const auto* field = v1::Event::descriptor()->FindFieldByNumber(number);
    return field ? field->name() : "unknown";
}

EventSubject::EventSubject(const ProcessMirror& mirror, const v1::Event& event,
                           const secl::EventTypeDef& type, ProcessMirror::Kin kin, Buffers& buffers)
    : mirror_(mirror),
      event_(event),
      type_(type),
      process_(or_unknown(kin.process)),
      parent_(kin.parent),
      target_(nullptr),
      target_parent_(nullptr),
      buffers_(buffers) {
    if (const uint64_t key = target_key(event)) {
        target_ = mirror.find(key);
        target_parent_ = target_ ? mirror.parent(*target_) : nullptr;
    }
    context_.type = type_.id;
    context_.event = &event_;
    context_.process = process_;
    context_.parent = or_unknown(parent_);
    context_.target = or_unknown(target_);
    context_.target_parent = or_unknown(target_parent_);
    context_.elements = &EventSubject::elements;
    context_.owner = this;
}

std::span<const void* const> EventSubject::elements(const secl::EvalContext& context,
                                                    secl::Subject iterator) {
    auto& subject = *static_cast<EventSubject*>(context.owner);
    switch (iterator) {
        case secl::Subject::kAncestor:
            return subject.ancestors();
        case secl::Subject::kTargetAncestor:
            return subject.target_ancestors();
        case secl::Subject::kFlow:
            return subject.flows();
        default:
            return {};
    }
}

std::span<const void* const> EventSubject::ancestors() const {
    if (!std::exchange(ancestors_listed_, true)) {
        buffers_.ancestors.clear();
        mirror_.ancestors(*process_, buffers_.ancestors);
    }
    return buffers_.ancestors;
}

std::span<const void* const> EventSubject::target_ancestors() const {
    if (!std::exchange(target_ancestors_listed_, true)) {
        buffers_.target_ancestors.clear();
        if (target_)
            mirror_.ancestors(*target_, buffers_.target_ancestors);
    }
    return buffers_.target_ancestors;
}

std::span<const void* const> EventSubject::flows() {
    if (!std::exchange(flows_listed_, true)) {
        buffers_.flows.clear();
        for (const v1::Flow& flow : event_.network_flow_monitor().flows())
            buffers_.flows.push_back(&flow);
    }
    return buffers_.flows;
}

std::vector<std::string> EventSubject::pending_containers() {
    std::vector<std::string> out;
    const auto add = [&out](const void* node) {
        const v1::Container& container = static_cast<const v1::ProcessNode*>(node)->container();
        if (container.metadata_pending() &&
            std::find(out.begin(), out.end(), container.id()) == out.end())
            out.push_back(container.id());
    };
    add(process_);
    std::ranges::for_each(ancestors(), add);
    if (target_) {
        add(target_);
        std::ranges::for_each(target_ancestors(), add);
    }
    return out;
}

std::string_view EventSubject::scope_key(secl::Scope scope) const {
    switch (scope) {
        case secl::Scope::kProcess:
            if (!known_process())
                return {};
            process_key_ = process_scope_key(process_->process_key());
            return view(process_key_);
        case secl::Scope::kContainer:
            return process_->container().id();
        case secl::Scope::kCgroup:
            if (cgroup_key_.empty())
                cgroup_key_ = cgroup_scope_key(process_->cgroup());
            return cgroup_key_;
        case secl::Scope::kGlobal:
            break;
    }
    return {};
}

std::string EventSubject::scope_label(secl::Scope scope) const {
    switch (scope) {
        case secl::Scope::kProcess:
            return fmt::format("pid {}", process_->pid());
        case secl::Scope::kContainer:
            return process_->container().id();
        case secl::Scope::kCgroup:
            return process_->cgroup().id();
        case secl::Scope::kGlobal:
            break;
    }
    return {};
}

std::string_view EventSubject::ancestor_key(size_t generation) const {
    if (!std::exchange(generations_listed_, true)) {
        buffers_.generations.clear();
        uint64_t last = process_->process_key();
        for (const void* image : ancestors()) {
            const uint64_t key = static_cast<const v1::ProcessNode*>(image)->process_key();
            if (std::exchange(last, key) != key)
                buffers_.generations.push_back(process_scope_key(key));
        }
    }
    const size_t at = generation - 1;
    return at < buffers_.generations.size() ? view(buffers_.generations[at]) : std::string_view();
}

}  // namespace vedette::engine
