// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/probe_metrics.h"

#include <map>

#include "security-agent/probe_client/command_client.h"

namespace vedette::app {
namespace {

constexpr auto kFresh = std::chrono::seconds(1);
constexpr auto kPatience = std::chrono::milliseconds(500);

void gauge(Metrics& out, const char* name, const char* help, double value,
           const Labels& labels = {}) {
    out.gauge(std::string("vedette_probe_") + name, help, labels).Set(value);
}

void count(Metrics& out, const char* name, const char* help, uint64_t value,
           const Labels& labels = {}) {
    out.counter(std::string("vedette_probe_") + name, help, labels)
        .Increment(static_cast<double>(value));
}

void fill_events(Metrics& out, const v1::ProbeStatus& status) {
    for (const v1::EventCount& event : status.events()) {
        const Labels labels = {{"type", event.event_type()}};
        count(out, "events_seen_total", "Events in the kernel.", event.seen(), labels);
        count(out, "events_delivered_total", "Events put into a batch for the agent.",
              event.delivered(), labels);
        count(out, "events_filtered_total",
              "Events the kernel or the probe dropped: no rule could match.", event.filtered(),
              labels);
        count(out, "events_discarded_total",
              "Events the kernel dropped because an earlier one was of no use.", event.discarded(),
              labels);
        for (const auto& [reason, lost] : event.lost())
            count(out, "events_lost_total", "Events lost, by reason.", lost,
                  {{"type", event.event_type()}, {"reason", reason}});
    }
}

void fill_programs(Metrics& out, const v1::ProbeStatus& status) {
    for (const v1::ProgramMisses& missed : status.missed())
        count(out, "program_misses_total",
              "Times the kernel left a program out because it was running on that CPU already.",
              missed.count(), {{"program", missed.program()}});
}

void fill_resolver(Metrics& out, const v1::ResolverStatus& resolver) {
    gauge(out, "processes", "Processes alive.", static_cast<double>(resolver.processes()));
    gauge(out, "processes_exited",
          "Ended processes that are kept because something refers to them.",
          static_cast<double>(resolver.exited()));
    gauge(out, "process_cache_bytes", "Memory of the process tree.",
          static_cast<double>(resolver.bytes()));
    gauge(out, "process_cache_limit_bytes", "Bound of that memory.",
          static_cast<double>(resolver.max_bytes()));
    count(out, "processes_evicted_total", "Processes forgotten for want of memory.",
          resolver.evicted());
    count(out, "process_placeholders_total", "Processes named by an event before they were known.",
          resolver.placeholders());
}

void fill_stream(Metrics& out, const v1::StreamStatus& stream) {
    gauge(out, "stream_subscribed", "1 while an agent takes events.", stream.subscriber() ? 1 : 0);
    gauge(out, "stream_held_events", "Events that wait for the agent.",
          static_cast<double>(stream.held_events()));
    gauge(out, "stream_held_bytes", "Memory of events that wait for the agent.",
          static_cast<double>(stream.held_bytes()));
    gauge(out, "stream_limit_bytes", "Bound of that memory.",
          static_cast<double>(stream.max_bytes()));
    count(out, "stream_batches_total", "Batches sent.", stream.batches());
    count(out, "refused_peers_total", "Connections of strangers that were refused.",
          stream.refused_peers());
}

void fill_files(Metrics& out, const v1::FileStatus& files) {
    count(out, "file_questions_total", "Questions of the agent about files.", files.questions());
    count(out, "files_hashed_total", "Files read for their hashes.", files.hashed());
    count(out, "file_hashes_cached_total", "Questions answered from memory.", files.cached());
    count(out, "file_questions_limited_total", "Questions refused: too many at once.",
          files.limited());
    count(out, "file_questions_failed_total", "Files not found, or not to be opened.",
          files.failed());
    gauge(out, "file_hash_cache_files", "Files whose hashes are kept.",
          static_cast<double>(files.cache_files()));
}

void fill_hooks(Metrics& out, const v1::ProbeStatus& status) {
    std::map<std::string, int> by_state = {{"full", 0}, {"partial", 0}, {"missing", 0}, {"off", 0}};
    for (const v1::HookStatus& hook : status.hooks())
        ++by_state[hook.state()];
    for (const auto& [state, number] : by_state)
        gauge(out, "hooks", "Event types, by how completely they are watched.", number,
              {{"state", state}});
}

}  // namespace

void fill_probe_metrics(Metrics& out, const v1::ProbeStatus* status) {
    gauge(out, "up", "1 when the probe answers.", status != nullptr ? 1 : 0);
    if (status == nullptr)
        return;
    gauge(out, "start_time_seconds", "When the probe started, in seconds since 1970.",
          static_cast<double>(status->start_time()) / 1e9);
    gauge(out, "resident_memory_bytes", "Memory of the probe's process.",
          static_cast<double>(status->rss_bytes()));
    gauge(out, "ring_bytes", "Size of the rings shared with the kernel.",
          static_cast<double>(status->ring_bytes()));
    gauge(out, "map_bytes", "Memory of BPF maps.", static_cast<double>(status->map_bytes()));
    gauge(out, "warnings", "Warnings in the probe's status.", status->warnings_size());
    fill_hooks(out, *status);
    fill_events(out, *status);
    fill_programs(out, *status);
    fill_resolver(out, status->resolver());
    fill_stream(out, status->stream());
    fill_files(out, status->files());
}

void ProbeFigures::fill(Metrics& out) {
    const std::lock_guard lock(mutex_);
    if (const auto now = std::chrono::steady_clock::now(); now >= asked_ + kFresh) {
        status_.reset();
        if (auto status = probe_client::probe_status(socket_, kPatience))
            status_ = std::move(*status);
        asked_ = now;
    }
    fill_probe_metrics(out, status_ ? &*status_ : nullptr);
}

}  // namespace vedette::app
