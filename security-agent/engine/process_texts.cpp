// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/process_texts.h"

#include <utility>

#include "security-agent/engine/process_json.h"

namespace vedette::engine {
namespace {

/// Of one text in its table, about.
constexpr size_t kEntryBytes = 64;

}  // namespace

void ProcessTexts::put(JsonObject& out, const v1::ProcessNode& process, uint32_t tid) {
    const Text& text = text_of(process);
    if (tid == 0 || tid == process.tid())
        return out.append(text.members);
    put_process_ids(out, process, tid);
    out.append(std::string_view(text.members).substr(text.rest));
}

void ProcessTexts::Value::append_to(std::string& out) const {
    ((out += '{') += texts.text_of(process).members) += '}';
}

const ProcessTexts::Text& ProcessTexts::text_of(const v1::ProcessNode& process) {
    const auto write = [&process](uint64_t revision) {
        JsonObject out;
        put_process_ids(out, process, process.tid());
        const size_t rest = out.empty() ? 0 : out.members().size() + 1;
        out.append(process_json_rest(process).members());
        return Text{revision, out.members(), rest};
    };
    // An event that had to wait brings its process as it was, not as the mirror has it by now.
    const uint64_t revision = mirror_ ? mirror_->revision(process) : 0;
    if (revision == 0)
        return passing_ = write(0);
    const uint64_t key = process.key();
    if (const auto at = young_.texts.find(key); at != young_.texts.end()) {
        if (at->second.revision == revision)
            return at->second;
        young_.bytes -= at->second.members.size() + kEntryBytes;
        young_.texts.erase(at);
    } else if (const auto before = old_.texts.find(key); before != old_.texts.end()) {
        Text text = std::move(before->second);
        old_.bytes -= text.members.size() + kEntryBytes;
        old_.texts.erase(before);
        if (text.revision == revision)
            return keep(key, std::move(text));
    }
    return keep(key, write(revision));
}

const ProcessTexts::Text& ProcessTexts::keep(uint64_t key, Text text) {
    const size_t bytes = text.members.size() + kEntryBytes;
    if (young_.bytes + bytes > max_bytes_ / 2)
        old_ = std::exchange(young_, {});
    young_.bytes += bytes;
    return young_.texts[key] = std::move(text);
}

}  // namespace vedette::engine
