// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/replay_source.h"

#include <cstring>

#include "system-probe/decode/event_type.h"

namespace vedette::probe {
namespace {

/// Records a poll() hands over, as many as a busy ring would.
constexpr size_t kRecordsPerPoll = 1024;

}  // namespace

Result<std::unique_ptr<ReplaySource>> ReplaySource::open(const std::string& path) {
    auto recording = Recording::load(path);
    if (!recording)
        return forward_error(recording);
    return std::unique_ptr<ReplaySource>(new ReplaySource(path, std::move(*recording)));
}

ReplaySource::ReplaySource(std::string path, Recording recording)
    : path_(std::move(path)), recording_(std::move(recording)) {}

uint16_t ReplaySource::type_of(size_t index) const {
    vdt_header header;
    std::memcpy(&header, recording_.record(index).data(), sizeof header);
    return header.type;
}

Result<> ReplaySource::snapshot(const RecordSink& sink) {
    for (; next_ < recording_.size() && type_of(next_) == VDT_SNAPSHOT; ++next_) {
        sink(recording_.record(next_));
    }
    return {};
}

Result<size_t> ReplaySource::poll(std::chrono::milliseconds /*timeout*/, const RecordSink& sink) {
    if (next_ == recording_.size()) {
        return fail(ErrorCode::kNotFound, "end of recording '{}'", path_);
    }
    size_t count = 0;
    for (; next_ < recording_.size() && count < kRecordsPerPoll; ++next_, ++count) {
        if (const auto* type = find_event_type(type_of(next_))) {
            ++counters_.seen[type->type];
            ++counters_.sent[type->type];
        }
        sink(recording_.record(next_));
    }
    return count;
}

std::vector<HookReport> ReplaySource::hooks() const {
    std::vector<HookReport> reports;
    for (const auto& type : event_types()) {
        reports.push_back({std::string(type.name), "", {}, "off", "replaying a recording", {}});
    }
    return reports;
}

}  // namespace vedette::probe
