// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/pattern.h"

#include <cstring>
#include <optional>

namespace vedette::secl {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const size_t end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

// Takes path elements one by one; empty ones count.
class Elements {
   public:
    explicit Elements(std::string_view path) : rest_(path) {}

    bool done() const { return done_; }
    std::string_view rest() const { return rest_; }
    std::string_view front() const { return rest_.substr(0, rest_.find('/')); }
    void pop() {
        const size_t end = rest_.find('/');
        done_ = end == std::string_view::npos;
        rest_ = done_ ? std::string_view() : rest_.substr(end + 1);
    }

   private:
    std::string_view rest_;
    bool done_ = false;
};

}  // namespace

Pattern::Pattern(std::string_view pattern) : segments_(split(pattern, '*')) {}

bool Pattern::matches(std::string_view text) const {
    if (segments_.size() == 1) {
        return text == segments_.front();
    }
    if (text.size() < prefix().size() + suffix().size() || !text.starts_with(prefix()) ||
        !text.ends_with(suffix())) {
        return false;
    }
    text = text.substr(prefix().size(), text.size() - prefix().size() - suffix().size());
    // The leftmost place of each inner segment leaves the most room for the next: no backtracking is needed.
    for (size_t i = 1; i + 1 < segments_.size(); ++i) {
        const std::string& segment = segments_[i];
        if (segment.empty()) {
            continue;
        }
        const void* found = memmem(text.data(), text.size(), segment.data(), segment.size());
        if (found == nullptr) {
            return false;
        }
        text.remove_prefix(static_cast<size_t>(static_cast<const char*>(found) - text.data()) +
                           segment.size());
    }
    return true;
}

Result<> check_pattern(std::string_view pattern) {
    if (pattern.find("**") != std::string_view::npos) {
        return fail(ErrorCode::kInvalid,
                    "'**' is for path fields only; here one '*' matches '/' too");
    }
    return {};
}

PathGlob::PathGlob(std::string_view glob) {
    for (const std::string& element : split(glob, '/')) {
        const bool any_depth = element == "**";
        elements_.push_back({any_depth ? Pattern() : Pattern(element), any_depth});
    }
    const auto& first = elements_.front();
    drop_first_byte_ = !first.any_depth && first.pattern.segments().size() == 2 &&
                       first.pattern.prefix().empty() && first.pattern.suffix().empty();
}

bool PathGlob::matches(std::string_view path) const {
    if (path.empty()) {
        return false;
    }
    if (drop_first_byte_) {
        path.remove_prefix(1);
        if (path.empty()) {
            return false;
        }
    }
    return match_elements(path);
}

// As with stars in a pattern, only the last "**" met ever needs to take one element more.
bool PathGlob::match_elements(std::string_view path) const {
    Elements at(path);
    size_t i = 0;
    std::optional<size_t> retry_element;
    Elements retry_at(path);
    while (true) {
        if (i < elements_.size() && elements_[i].any_depth) {
            if (i + 1 == elements_.size()) {
                if (!at.done() && !at.rest().empty()) {
                    return true;
                }
            } else {
                retry_element = ++i;
                retry_at = at;
                continue;
            }
        } else if (i == elements_.size() && at.done()) {
            return true;
        } else if (i < elements_.size() && !at.done()) {
            const bool last = i + 1 == elements_.size();
            const std::string_view element = at.front();
            // "/tmp/*" wants a name after the slash.
            const bool empty_end = last && element.empty() && at.rest().empty();
            if (!empty_end && elements_[i].pattern.matches(element)) {
                at.pop();
                ++i;
                continue;
            }
        }
        if (!retry_element || retry_at.done()) {
            return false;
        }
        retry_at.pop();
        at = retry_at;
        i = *retry_element;
    }
}

Result<> check_glob(std::string_view glob) {
    for (const std::string& element : split(glob, '/')) {
        if (element != "**" && element.find("**") != std::string::npos) {
            return fail(ErrorCode::kInvalid,
                        "'**' must be a whole path element, as in /tmp/** or /srv/**/conf");
        }
    }
    return {};
}

}  // namespace vedette::secl
