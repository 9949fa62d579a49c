// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/recording.h"

namespace vedette::app {
namespace {

const char* to_string(replay::Recorder::State state) {
    switch (state) {
        case replay::Recorder::State::kRecording:
            return "recording";
        case replay::Recorder::State::kDone:
            return "done";
        case replay::Recorder::State::kNone:
            break;
    }
    return "none";
}

}  // namespace

api::Recording recording_of(replay::Recorder& recorder) {
    return {.start = [&recorder](std::chrono::nanoseconds duration,
                                 size_t max_bytes) { return recorder.start(duration, max_bytes); },
            .status =
                [&recorder] {
                    const replay::Recorder::Status status = recorder.status();
                    return boost::json::object{{"state", to_string(status.state)},
                                               {"bytes", status.bytes},
                                               {"events", status.events},
                                               {"ended", status.ended}};
                },
            .read = [&recorder](size_t offset, size_t max) { return recorder.read(offset, max); },
            .stop = [&recorder] { recorder.stop(); }};
}

}  // namespace vedette::app
