// SPDX-License-Identifier: Apache-2.0
//
// What the probe says of files when it is asked (ADR 13): which values are pending, the questions that are under way, and
// the answers. Rules find a value pending only if some rule reads it; a question is asked only once a rule depends on
// it, or an alert shows it. Under the engine's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/metrics.h"
#include "security-agent/engine/event_subject.h"
#include "security-agent/engine/file_answers.h"
#include "security-agent/engine/file_wants.h"
#include "security-agent/engine/process_mirror.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

/// One file of an event or of a process.
struct FilePlace {
    enum class Kind : uint8_t { kEvent, kProgram, kInterpreter, kMetadata };
    Kind kind = Kind::kEvent;
    size_t index = 0;      ///< kEvent: in files_of()
    uint64_t process = 0;  ///< kProgram, kInterpreter: key of the image
    auto operator<=>(const FilePlace&) const = default;
};

/// A question that an event waits for.
struct FileWait {
    uint64_t question = 0;
    FilePlace place;
};

struct FileOptions {
    /// Asks the probe; false: there is none, or it cannot be asked. Empty: nothing is ever pending.
    std::function<bool(const v1::FileQuestion& question)> ask;
    bool hashes = true;
    uint64_t max_file_size = 5U << 20;  ///< of what is hashed for a rule that does not say
    bool metadata = false;
    std::vector<std::string> hashed_events;  ///< names of types whose alerts show hashes
    bool packages = false;                   ///< alerts show packages
};

class FileFacts {
   public:
    FileFacts(FileOptions options, ProcessMirror& mirror, Metrics& metrics);

    const FileOptions& options() const { return options_; }

    /// New rules: marks what the mirror holds, too.
    void set_wants(RuleFileWants wants);
    /// Before the event is evaluated: what its type's rules read becomes pending.
    void mark(v1::Event& event) const;
    /// Before the mirror takes it. What is known of the same file stays known.
    void mark(v1::ProcessNode& node) const;

    /// Asks for everything around the event that is pending. Not for more than kMaxWaits files.
    static constexpr size_t kMaxWaits = 32;
    std::vector<FileWait> ask_for_pending(EventSubject& subject);
    /// What the probe says of one file: known from lately, or the number of the question that it was asked; neither: it
    /// cannot be asked. The answer is good until the next call.
    struct Reply {
        const v1::FileAnswer* answer = nullptr;
        uint64_t question = 0;
    };
    Reply ask(const v1::File& file, bool program, const FileWants& wants, uint64_t max_file_size,
              const EventSubject& subject, int64_t now_ns);

    /// Keeps what the answer says of a process. Call it before fill().
    void take(const v1::FileAnswer& answer);
    /// Puts the answer where `place` is, in copies of an event and its process.
    static void fill(const FilePlace& place, const v1::FileAnswer& answer, v1::Event& event,
                     v1::ProcessNode& process);
    /// The probe has been asked by another connection, which is gone.
    void forget_questions();

   private:
    uint64_t send(v1::FileQuestion& question);
    uint64_t ask_for(const FilePlace& place, const v1::File& file, bool metadata,
                     const EventSubject& subject);

    FileOptions options_;
    ProcessMirror& mirror_;
    RuleFileWants wants_;
    uint64_t last_id_ = 0;
    std::map<uint64_t, FilePlace> programs_;  ///< of processes, by question
    std::map<FilePlace, uint64_t> asked_;     ///< the same, by place
    FileAnswers answered_;
    Counter& questions_;
    Counter& answers_;
    Counter& known_;
};

}  // namespace vedette::engine
