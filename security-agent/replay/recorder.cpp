// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/recorder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "security-agent/engine/engine.h"

namespace vedette::replay {
namespace {

constexpr int kProcessesPerFrame = 256;
constexpr int kWorkloadsPerFrame = 64;

}  // namespace

Recorder::Recorder(StreamInfo info, Clock steady, std::function<int64_t()> wall_ns,
                   std::function<void(bool begins)> looks)
    : info_(std::move(info)),
      steady_(std::move(steady)),
      wall_ns_(std::move(wall_ns)),
      looks_(looks ? std::move(looks) : [](bool) {}) {}

Result<> Recorder::start(std::chrono::nanoseconds duration, size_t max_bytes) {
    if (duration <= std::chrono::nanoseconds(0) || duration > kMaxDuration)
        return fail(ErrorCode::kInvalid, "a recording lasts up to {} s", kMaxDuration.count());
    if (max_bytes == 0 || max_bytes > kMaxBytes)
        return fail(ErrorCode::kInvalid, "a recording has up to {} bytes", kMaxBytes);
    looks_(true);
    auto begun = begin_recording(max_bytes, duration);
    if (!begun)
        looks_(false);
    return begun;
}

Result<> Recorder::begin_recording(size_t max_bytes, std::chrono::nanoseconds duration) {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kRecording)
        return fail(ErrorCode::kExists, "a recording is under way");
    state_ = State::kRecording;
    begun_ = false;
    data_.clear();
    events_ = 0;
    ended_.clear();
    max_bytes_ = max_bytes;
    duration_ = duration;
    active_ = true;
    return {};
}

Recorder::Status Recorder::status() const {
    const std::lock_guard lock(mutex_);
    return {state_, data_.size(), events_, ended_};
}

Result<std::string> Recorder::read(size_t offset, size_t max) const {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kDone)
        return fail(ErrorCode::kNotFound, "there is no finished recording");
    return offset < data_.size() ? data_.substr(offset, max) : std::string();
}

void Recorder::stop() {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kRecording)
        looks_(false);
    state_ = State::kNone;
    data_ = {};
    active_ = false;
}

void Recorder::before(const engine::Engine& engine, const engine::StreamMessage* message) {
    if (!active_)
        return;
    const std::lock_guard lock(mutex_);
    if (state_ == State::kRecording && !begun_)
        begin(engine);
    if (state_ == State::kRecording && steady_() >= until_)
        finish("duration");
    if (state_ == State::kRecording && message) {
        if (!append(message->bytes()))
            finish("size");
        else
            events_ += message->events().size();
    }
    if (state_ == State::kDone && steady_() >= until_) {
        state_ = State::kNone;
        data_ = {};
    }
    if (state_ == State::kNone)
        active_ = false;
}

void Recorder::begin(const engine::Engine& engine) {
    begun_ = true;
    until_ = steady_() + duration_;
    StreamInfo info = info_;
    info.started_ns = wall_ns_();
    data_ = stream_header(info);
    const engine::Position position = engine.position();
    v1::SubscribeResponse welcome;
    welcome.mutable_welcome()->set_probe_version(info.agent.version);
    welcome.mutable_welcome()->set_instance_id(position.instance_id);
    welcome.mutable_welcome()->set_next_sequence(position.last_sequence + 1);
    welcome.mutable_welcome()->set_reset_mirror(true);
    bool fits = append(welcome.SerializeAsString());
    std::vector<const v1::ProcessNode*> nodes;
    engine.each_process([&nodes](const v1::ProcessNode& node) { nodes.push_back(&node); });
    std::sort(nodes.begin(), nodes.end(), [](const v1::ProcessNode* a, const v1::ProcessNode* b) {
        return a->key() < b->key();
    });
    v1::SubscribeResponse frame;
    auto workloads = engine.workloads();
    std::ranges::sort(workloads, {}, [](const auto& running) -> const std::string& {
        return running.workload->facts.container_id();
    });
    for (const auto& running : workloads) {
        *frame.mutable_batch()->add_workloads()->mutable_workload() = running.workload->facts;
        if (frame.batch().workloads_size() == kWorkloadsPerFrame)
            fits = fits && append(std::exchange(frame, {}).SerializeAsString());
    }
    if (frame.batch().workloads_size() > 0)
        fits = fits && append(std::exchange(frame, {}).SerializeAsString());
    for (size_t i = 0; i < nodes.size() && fits; ++i) {
        *frame.mutable_batch()->add_processes()->mutable_node() = *nodes[i];
        if (frame.batch().processes_size() == kProcessesPerFrame || i + 1 == nodes.size()) {
            fits = append(frame.SerializeAsString());
            frame.Clear();
        }
    }
    if (!fits)
        finish("size, with the processes that were there when it began; give it more");
}

bool Recorder::append(std::string_view message) {
    const std::string frame = stream_frame(message);
    if (frame.size() > kMaxFrame || data_.size() + frame.size() > max_bytes_)
        return false;
    data_ += frame;
    return true;
}

void Recorder::finish(const char* why) {
    state_ = State::kDone;
    ended_ = why;
    until_ = steady_() + kKept;
    looks_(false);
}

}  // namespace vedette::replay
