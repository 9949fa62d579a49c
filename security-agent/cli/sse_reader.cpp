// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/sse_reader.h"

#include <algorithm>
#include <utility>

namespace vedette::cli {

bool SseReader::feed(std::string_view piece, const std::function<void(const ServerEvent&)>& use) {
    while (!piece.empty()) {
        const size_t end = piece.find('\n');
        pending_ += piece.substr(0, end);
        if (pending_.size() > kMaxLine)
            return false;
        if (end == std::string_view::npos)
            return true;
        piece.remove_prefix(end + 1);
        if (pending_.ends_with('\r'))
            pending_.pop_back();
        line(std::exchange(pending_, {}), use);
    }
    return true;
}

void SseReader::restart() {
    pending_.clear();
    event_ = {};
    id_ = last_id_;
    has_data_ = false;
}

void SseReader::line(std::string_view text, const std::function<void(const ServerEvent&)>& use) {
    if (text.empty()) {
        last_id_ = id_;
        if (has_data_) {
            if (event_.name.empty())
                event_.name = "message";
            use(event_);
        }
        event_ = {};
        has_data_ = false;
        return;
    }
    const size_t colon = std::min(text.find(':'), text.size());
    const std::string_view field = text.substr(0, colon);
    std::string_view value = text.substr(std::min(colon + 1, text.size()));
    if (value.starts_with(' '))
        value.remove_prefix(1);
    if (field == "event") {
        event_.name = value;
    } else if (field == "id") {
        id_ = value;
    } else if (field == "data") {
        if (std::exchange(has_data_, true))
            event_.data += '\n';
        event_.data += value;
    }
}

}  // namespace vedette::cli
