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
    put_process_ids(out, process, tid != 0 ? tid : process.tid());
    // An event that had to wait brings its process as it was, not as the mirror has it by now.
    const uint64_t revision = mirror_ ? mirror_->revision(process) : 0;
    if (revision != 0)
        out.append(known_text(process, revision));
    else
        out.append(process_json_rest(process).members());
}

const std::string& ProcessTexts::known_text(const v1::ProcessNode& process, uint64_t revision) {
    const uint64_t key = process.key();
    if (const auto at = young_.texts.find(key); at != young_.texts.end()) {
        if (at->second.revision == revision)
            return at->second.members;
        young_.bytes -= at->second.members.size() + kEntryBytes;
        young_.texts.erase(at);
    } else if (const auto before = old_.texts.find(key); before != old_.texts.end()) {
        Text text = std::move(before->second);
        old_.bytes -= text.members.size() + kEntryBytes;
        old_.texts.erase(before);
        if (text.revision == revision)
            return keep(key, std::move(text));
    }
    std::string members = process_json_rest(process).members();
    members.shrink_to_fit();
    return keep(key, {revision, std::move(members)});
}

const std::string& ProcessTexts::keep(uint64_t key, Text text) {
    const size_t bytes = text.members.size() + kEntryBytes;
    if (young_.bytes + bytes > max_bytes_ / 2)
        old_ = std::exchange(young_, {});
    young_.bytes += bytes;
    return (young_.texts[key] = std::move(text)).members;
}

}  // namespace vedette::engine
