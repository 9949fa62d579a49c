// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/file_wants.h"

#include "security-agent/secl/bound.h"
#include "security-agent/secl/predicate_index.h"

namespace vedette::engine {
namespace {

void add(const secl::FieldRead& read, secl::EventTypeId type, RuleFileWants& out) {
    if (read.field->subject == secl::Subject::kTemplate) {
        for (const auto& part : static_cast<const secl::Template*>(read.field)->parts)
            if (part.read.field)
                add(part.read, type, out);
        return;
    }
    const std::string_view name = read.field->name;
    const FileWants read_here{name.ends_with(".hashes"), name.find(".package.") != name.npos,
                              name.find(".file.metadata.") != name.npos};
    if (!read.field->pending || !read_here.any())
        return;
    if (out.events.size() <= type)
        out.events.resize(type + size_t{1});
    const secl::Subject subject = read.field->subject;
    const bool own = subject == secl::Subject::kEvent;
    const bool actor = subject == secl::Subject::kProcess;
    const bool target = subject == secl::Subject::kTarget;
    FileWants& wants = own ? out.events[type] : out.processes;
    out.actor |= actor;
    out.target |= target;
    out.ancestors |= !own && !actor && !target;
    wants.hashes |= read_here.hashes;
    wants.package |= read_here.package;
    wants.metadata |= read_here.metadata;
}

}  // namespace

const FileWants& RuleFileWants::event(size_t type) const {
    static constexpr FileWants kNothing;
    return type < events.size() ? events[type] : kNothing;
}

RuleFileWants file_wants(const secl::RuleSet& rules) {
    RuleFileWants out;
    for (const secl::EventTypeId type : rules.event_types())
        if (const secl::PredicateIndex* index = rules.index(type))
            for (const secl::Slot& slot : index->slots)
                if (slot.may_pend)
                    add(slot.read, type, out);
    return out;
}

}  // namespace vedette::engine
