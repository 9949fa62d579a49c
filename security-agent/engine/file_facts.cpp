// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/file_facts.h"

#include <utility>

#include "security-agent/engine/event_files.h"

namespace vedette::engine {
namespace {

/// Questions about processes that nobody has answered: an oldest one is then asked again if need be.
constexpr size_t kMaxUnanswered = 4096;

/// By which the probe looks for a file.
constexpr int kMaxViewers = 8;

void mark_file(v1::File& file, const FileWants& wants) {
    if (file.inode() == 0)
        return;  // a name alone: there is nothing to ask about
    if (wants.hashes && file.hash_state() == v1::File::HASH_STATE_UNKNOWN)
        file.set_hashes_pending(true);
    if (wants.package && !file.has_package())
        file.mutable_package()->set_pending(true);
}

bool is_pending(const v1::File& file) {
    return file.hashes_pending() || file.package().pending();
}

bool same_file(const v1::File& a, const v1::File& b) {
    return a.inode() == b.inode() && a.device() == b.device() && a.path() == b.path() &&
           a.change_time() == b.change_time();
}

void carry_over(const v1::File& known, v1::File& file) {
    if (!same_file(known, file))
        return;
    *file.mutable_hashes() = known.hashes();
    file.set_hash_state(known.hash_state());
    file.set_hashes_pending(known.hashes_pending());
    if (known.has_package())
        *file.mutable_package() = known.package();
}

void fill_file(v1::File& file, const v1::FileAnswer& answer) {
    if (file.hashes_pending()) {
        *file.mutable_hashes() = answer.hashes();
        file.set_hash_state(answer.hash_state());
        file.set_hashes_pending(false);
    }
    if (file.package().pending())
        *file.mutable_package() = answer.package();
}

/// The acting process, and those before it that see the same files.
void add_viewers(v1::FileQuestion& question, const EventSubject& subject) {
    const v1::ProcessNode& process = subject.process();
    question.set_mntns(process.mntns());
    question.add_pids(process.pid());
    for (const void* object : subject.ancestors()) {
        const auto& ancestor = *static_cast<const v1::ProcessNode*>(object);
        if (question.pids_size() >= kMaxViewers)
            return;
        if (ancestor.exit_time() == 0 && ancestor.mntns() == process.mntns())
            question.add_pids(ancestor.pid());
    }
}

}  // namespace

FileFacts::FileFacts(FileOptions options, ProcessMirror& mirror, Metrics& metrics)
    : options_(std::move(options)),
      mirror_(mirror),
      questions_(metrics.counter("vedette_agent_file_questions_total",
                                 "Files that the probe was asked about.")),
      answers_(
          metrics.counter("vedette_agent_file_answers_total", "Answers of the probe about files.")),
      known_(metrics.counter("vedette_agent_file_answers_known_total",
                             "Files of alerts that the probe had answered about lately.")) {}

void FileFacts::set_wants(RuleFileWants wants) {
    const auto allowed = [this](FileWants& one) {
        one.hashes &= options_.hashes;
        one.metadata &= options_.metadata;
        if (!options_.ask)
            one = {};
    };
    allowed(wants.processes);
    for (FileWants& event : wants.events)
        allowed(event);
    wants_ = std::move(wants);
    if (!wants_.processes.any())
        return;
    std::vector<uint64_t> keys;
    mirror_.each([&keys](const v1::ProcessNode& node) { keys.push_back(node.key()); });
    for (const uint64_t key : keys)
        mirror_.change(key, [this](v1::ProcessNode& node) { mark(node); });
}

void FileFacts::mark(v1::Event& event) const {
    const FileWants& wants = wants_.event(static_cast<size_t>(event.payload_case()));
    if (!wants.any())
        return;
    for (v1::File* file : files_of(event))
        mark_file(*file, wants);
    if (wants.metadata && event.has_exec())
        event.mutable_exec()->mutable_metadata()->set_pending(true);
}

void FileFacts::mark(v1::ProcessNode& node) const {
    if (!wants_.processes.any())
        return;
    if (const v1::ProcessNode* known = mirror_.find(node.key()); known && known != &node) {
        if (known->has_file() && node.has_file())
            carry_over(known->file(), *node.mutable_file());
        if (known->has_interpreter() && node.has_interpreter())
            carry_over(known->interpreter(), *node.mutable_interpreter());
    }
    if (node.has_file())
        mark_file(*node.mutable_file(), wants_.processes);
    if (node.has_interpreter())
        mark_file(*node.mutable_interpreter(), wants_.processes);
}

std::vector<FileWait> FileFacts::ask_for_pending(EventSubject& subject) {
    std::vector<FileWait> out;
    const auto add = [&](const FilePlace& place, const v1::File& file, bool metadata) {
        if (out.size() >= kMaxWaits)
            return;
        if (const uint64_t id = ask_for(place, file, metadata, subject))
            out.push_back({id, place});
    };
    const auto add_process = [&](const v1::ProcessNode& node) {
        if (is_pending(node.file()))
            add({FilePlace::Kind::kProgram, 0, node.key()}, node.file(), false);
        if (is_pending(node.interpreter()))
            add({FilePlace::Kind::kInterpreter, 0, node.key()}, node.interpreter(), false);
    };
    const auto files = files_of(subject.event());
    for (size_t i = 0; i < files.size(); ++i)
        if (is_pending(*files[i]))
            add({FilePlace::Kind::kEvent, i, 0}, *files[i], false);
    if (subject.event().exec().metadata().pending())
        add({FilePlace::Kind::kMetadata, 0, 0}, subject.process().file(), true);
    if (wants_.actor)
        add_process(subject.process());
    const ProcessLineage target = subject.target_lineage();
    if (wants_.target && target.process)
        add_process(*target.process);
    if (!wants_.ancestors)
        return out;
    for (const auto& lineage : {subject.ancestors(), target.ancestors})
        for (const void* ancestor : lineage)
            add_process(*static_cast<const v1::ProcessNode*>(ancestor));
    return out;
}

uint64_t FileFacts::ask_for(const FilePlace& place, const v1::File& file, bool metadata,
                            const EventSubject& subject) {
    const bool of_process =
        place.kind == FilePlace::Kind::kProgram || place.kind == FilePlace::Kind::kInterpreter;
    if (of_process)
        if (const auto asked = asked_.find(place); asked != asked_.end())
            return asked->second;
    v1::FileQuestion question;
    *question.mutable_file() = file;
    question.set_hashes(file.hashes_pending());
    question.set_package(file.package().pending());
    question.set_metadata(metadata);
    const v1::ProcessNode* owner = of_process ? mirror_.find(place.process) : &subject.process();
    question.set_program(place.kind == FilePlace::Kind::kProgram ||
                         place.kind == FilePlace::Kind::kMetadata);
    if (owner && owner != &subject.process()) {
        question.set_mntns(owner->mntns());
        question.add_pids(owner->pid());
    }
    if (!owner || owner->mntns() == subject.process().mntns())
        add_viewers(question, subject);
    const uint64_t id = send(question);
    if (id == 0 || !of_process)
        return id;
    if (programs_.size() >= kMaxUnanswered) {
        asked_.erase(programs_.begin()->second);
        programs_.erase(programs_.begin());
    }
    programs_.emplace(id, place);
    asked_.emplace(place, id);
    return id;
}

FileFacts::Reply FileFacts::ask(const v1::File& file, bool program, const FileWants& wants,
                                uint64_t max_file_size, const EventSubject& subject,
                                int64_t now_ns) {
    v1::FileQuestion question;
    *question.mutable_file() = file;
    question.set_hashes(wants.hashes);
    question.set_package(wants.package);
    question.set_metadata(wants.metadata);
    question.set_max_file_size(max_file_size);
    question.set_program(program);
    question.set_mntns(subject.process().mntns());
    std::string key = FileAnswers::key_of(question, subject.process(), subject.event().timestamp());
    if (const v1::FileAnswer* known = answered_.find(key, now_ns)) {
        known_.Increment();
        return {known, 0};
    }
    add_viewers(question, subject);
    const uint64_t id = send(question);
    if (id != 0 && !key.empty())
        answered_.asked(question, std::move(key), now_ns);
    return {nullptr, id};
}

uint64_t FileFacts::send(v1::FileQuestion& question) {
    question.set_id(++last_id_);
    if (!options_.ask || !options_.ask(question))
        return 0;
    questions_.Increment();
    return last_id_;
}

void FileFacts::take(const v1::FileAnswer& answer) {
    answers_.Increment();
    answered_.answered(answer);
    const auto asked = programs_.find(answer.id());
    if (asked == programs_.end())
        return;
    const FilePlace place = asked->second;
    programs_.erase(asked);
    asked_.erase(place);
    mirror_.change(place.process, [&](v1::ProcessNode& node) {
        if (place.kind == FilePlace::Kind::kProgram && node.has_file())
            fill_file(*node.mutable_file(), answer);
        else if (node.has_interpreter())
            fill_file(*node.mutable_interpreter(), answer);
    });
}

void FileFacts::fill(const FilePlace& place, const v1::FileAnswer& answer, v1::Event& event,
                     v1::ProcessNode& process) {
    switch (place.kind) {
        case FilePlace::Kind::kEvent:
            if (const auto files = files_of(event); place.index < files.size())
                fill_file(*files[place.index], answer);
            return;
        case FilePlace::Kind::kMetadata:
            if (event.has_exec())
                *event.mutable_exec()->mutable_metadata() = answer.metadata();
            return;
        case FilePlace::Kind::kProgram:
            if (process.key() == place.process && process.has_file())
                fill_file(*process.mutable_file(), answer);
            return;
        case FilePlace::Kind::kInterpreter:
            if (process.key() == place.process && process.has_interpreter())
                fill_file(*process.mutable_interpreter(), answer);
            return;
    }
}

void FileFacts::forget_questions() {
    programs_.clear();
    asked_.clear();
    answered_.clear();
}

}  // namespace vedette::engine
