// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/integrity.h"

#include <string>
#include <utility>

#include "bpf/abi/records.h"
#include "security-agent/engine/internal_events.h"

namespace vedette::engine {

std::string_view lineage_error(const ProcessMirror& mirror, const v1::ProcessNode& process) {
    if (process.source() == v1::ProcessNode::SOURCE_PLACEHOLDER)
        return "placeholder: the process was never seen";
    if (process.parent_key() == 0)
        return process.ppid() == 0 || process.is_kworker() ? "" : "missing parent";
    const v1::ProcessNode* parent = mirror.find(process.parent_key());
    if (!parent)
        return "missing parent";
    if (process.lineage_dropped() > 0)
        return "incomplete: images before this one were dropped";
    return parent->source() == v1::ProcessNode::SOURCE_PLACEHOLDER
               ? "placeholder: the parent was never seen"
               : "";
}

const v1::File* file_of(const v1::Event& event, const v1::ProcessNode& process) {
    switch (event.payload_case()) {
        case v1::Event::kExec:
        case v1::Event::kExit:
            return &process.file();
        case v1::Event::kOpen:
            return &event.open().file();
        default:
            return nullptr;
    }
}

std::string_view path_error(const v1::File& file) {
    constexpr uint32_t kNoPathByNature =
        VDT_FILE_NO_INODE | VDT_FILE_DETACHED | VDT_FILE_UNREACHABLE | VDT_FILE_MEMFD;
    return file.flags() & kNoPathByNature ? std::string_view() : file.path_error();
}

Integrity::Integrity(Metrics& metrics)
    : path_{.id = kAbnormalPath},
      context_{.id = kNoProcessContext},
      lineage_{.id = kBrokenLineage} {
    for (Kind* kind : {&path_, &context_, &lineage_}) {
        const Labels labels = {{"kind", std::string(kind->id)}};
        kind->found = &metrics.counter("vedette_agent_integrity_total",
                                       "Events whose process or path is not sound.", labels);
        kind->suppressed = &metrics.counter("vedette_agent_integrity_suppressed_total",
                                            "Of these, how many were not written.", labels);
    }
}

std::optional<Integrity::Finding> Integrity::check(const ProcessMirror& mirror,
                                                   const EventSubject& subject,
                                                   const std::function<int64_t()>& now_ns) {
    if (!subject.known_process())
        return find(context_, "the mirror does not hold it", now_ns());
    if (subject.event().payload_case() == v1::Event::kExec)
        if (const auto error = lineage_error(mirror, subject.process()); !error.empty())
            return find(lineage_, error, now_ns());
    if (const v1::File* file = file_of(subject.event(), subject.process()))
        if (const auto error = path_error(*file); !error.empty())
            return find(path_, error, now_ns());
    return std::nullopt;
}

std::optional<Integrity::Finding> Integrity::find(Kind& kind, std::string_view error,
                                                  int64_t now_ns) {
    kind.found->Increment();
    if (kind.said_ns && now_ns - *kind.said_ns < kPeriod) {
        kind.suppressed->Increment();
        ++kind.suppressed_since;
        return std::nullopt;
    }
    kind.said_ns = now_ns;
    return Finding{kind.id, error, std::exchange(kind.suppressed_since, 0)};
}

}  // namespace vedette::engine
