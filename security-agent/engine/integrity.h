// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with what the probe sends, as far as one event shows it: its process is not known, its ancestors are
// not complete, a path could not be resolved. Rules are then less certain than they look, so the agent says so: at
// most one line of each kind in 30 seconds, the others counted. Under the engine's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "common/metrics.h"
#include "security-agent/engine/event_subject.h"

namespace vedette::engine {

/// Why rules on ancestors may miss something; empty: the process hangs on to a known one. Looks one step up: every
/// process in between was looked at when it came.
std::string_view lineage_error(const ProcessMirror& mirror, const v1::ProcessNode& process);

/// The file an event is about, or its program; null when there is none.
const v1::File* file_of(const v1::Event& event, const v1::ProcessNode& process);

/// path_error, when the path should have been there: a file that no kernel object stands for, or that has no path
/// by nature (memfd, detached mounts), is not abnormal.
std::string_view path_error(const v1::File& file);

class Integrity {
   public:
    static constexpr int64_t kPeriod = 30'000'000'000;

    struct Finding {
        std::string_view kind;  ///< the internal event's id
        std::string_view error;
        uint64_t suppressed = 0;  ///< of this kind since the last that was not
    };

    explicit Integrity(Metrics& metrics);

    /// Nothing to look at more closely: what nearly every event is.
    static bool is_sound(const EventSubject& subject) {
        const v1::Event& event = subject.event();
        const auto type = event.payload_case();
        const v1::File* file = type == v1::Event::kOpen ? &event.open().file() : nullptr;
        return type != v1::Event::kExec && type != v1::Event::kExit && subject.known_process() &&
               (!file || file->path_error().empty());
    }

    /// What the event shows and may be said now; of those that are not sound.
    std::optional<Finding> check(const ProcessMirror& mirror, const EventSubject& subject,
                                 const std::function<int64_t()>& now_ns);

   private:
    struct Kind {
        std::string_view id;
        Counter* found = nullptr;
        Counter* suppressed = nullptr;
        std::optional<int64_t> said_ns;
        uint64_t suppressed_since = 0;
    };
    std::optional<Finding> find(Kind& kind, std::string_view error, int64_t now_ns);

    Kind path_;
    Kind context_;
    Kind lineage_;
};

}  // namespace vedette::engine
