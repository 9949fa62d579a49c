// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/alert_files.h"

#include "security-agent/engine/event_files.h"

namespace vedette::engine {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// `rest`: "file", "interpreter.file", either of them below "parent.".
AlertFile file_of_process(const v1::ProcessNode* process, const v1::ProcessNode* parent,
                          AlertPath at, std::string_view rest) {
    AlertFile out;
    if (take_prefix(rest, "parent.")) {
        process = parent;
        at.push_back("parent");
    }
    const bool interpreter = rest == "interpreter.file";
    if (!process || !(interpreter || rest == "file"))
        return out;
    out.file = interpreter ? &process->interpreter() : &process->file();
    at.push_back(interpreter ? "interpreter" : "executable");
    out.places.push_back(std::move(at));
    return out;
}

AlertFile file_of_actor(const EventSubject& subject, std::string_view rest) {
    AlertFile out = file_of_process(&subject.process(), subject.parent(), {"process"}, rest);
    out.program = rest == "file";
    const bool own = subject.event().has_exec() || subject.event().has_exit();
    if (own && out.program)
        out.places.push_back({"file"});
    return out;
}

}  // namespace

AlertFile find_alert_file(const EventSubject& subject, std::string_view field) {
    if (take_prefix(field, "process."))
        return file_of_actor(subject, field);
    const std::string_view event = subject.type().name;
    if (!take_prefix(field, event) || !take_prefix(field, "."))
        return {};
    if (subject.event().has_exec() || subject.event().has_exit())
        return file_of_actor(subject, field);
    for (const std::string_view whom : {"target", "tracee"}) {
        if (!field.starts_with(whom) || !field.substr(whom.size()).starts_with('.'))
            continue;
        const ProcessLineage target = subject.target_lineage();
        return file_of_process(target.process, target.parent, {event, whom},
                               field.substr(whom.size() + 1));
    }
    const auto files = files_of(subject.event());
    if (field == "file" && !files.empty())
        return {files[0], false, {{"file"}}};
    if (field == "file.destination" && files.size() > 1)
        return {files[1], false, {{"file", "destination"}}};
    return {};
}

}  // namespace vedette::engine
