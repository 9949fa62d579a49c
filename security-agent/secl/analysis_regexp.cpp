// SPDX-License-Identifier: Apache-2.0
//
// RE2 tells nobody that an expression cannot match. This reads its syntax for one kind of mistake: text is wanted
// before the beginning (a^b) or after the end (a$b).
#include <algorithm>

#include "security-agent/secl/analysis_parts.h"

namespace vedette::secl {
namespace {

constexpr size_t kMaxBytes = 1 << 20;  // of a match: more is as good as endless
constexpr unsigned kMaxDepth = 100;

struct Shape {
    bool never = false;
    size_t min = 0;
    bool at_begin = false;  // matches only where the text begins
    bool at_end = false;
};

Shape width(size_t bytes) {
    return {false, bytes, false, false};
}

class Reader {
   public:
    explicit Reader(std::string_view text) : text_(text) {}

    Shape alternatives() {
        Shape out = {true, kMaxBytes, true, true};
        while (true) {
            const Shape one = sequence();
            if (!one.never) {
                out = {false, std::min(out.min, one.min), out.at_begin && one.at_begin,
                       out.at_end && one.at_end};
            }
            if (done() || text_[at_] != '|') {
                return out;
            }
            ++at_;
        }
    }

    bool understood() const { return understood_ && at_ == text_.size(); }

   private:
    bool done() const { return at_ >= text_.size() || !understood_; }

    Shape give_up() {
        understood_ = false;
        return {};
    }

    Shape sequence() {
        Shape out;
        bool after_end = false;  // what came so far ends the text
        while (!done() && text_[at_] != '|' && text_[at_] != ')') {
            const Shape next = repeated();
            out.never = out.never || next.never || (next.at_begin && out.min > 0) ||
                        (after_end && next.min > 0);
            out.at_begin = out.at_begin || next.at_begin;
            after_end = after_end || next.at_end;
            out.min = std::min(kMaxBytes, out.min + next.min);
        }
        out.at_end = after_end;
        return out;
    }

    Shape repeated() {
        Shape out = atom();
        while (!done()) {
            size_t least = 0;
            const char c = text_[at_];
            if (c == '*' || c == '?') {
                least = 0;
                ++at_;
            } else if (c == '+') {
                least = 1;
                ++at_;
            } else if (c != '{' || !counted(least)) {
                return out;
            }
            out = least == 0 ? Shape{}
                             : Shape{out.never, std::min(kMaxBytes, out.min * least), out.at_begin,
                                     out.at_end};
        }
        return out;
    }

    // "{2}", "{2,}", "{2,5}"; anything else is literal text.
    bool counted(size_t& least) {
        size_t i = at_ + 1;
        size_t number = 0;
        const size_t digits = i;
        const auto digit = [&] { return i < text_.size() && text_[i] >= '0' && text_[i] <= '9'; };
        for (; digit(); ++i) {
            number = std::min<size_t>(number * 10 + static_cast<size_t>(text_[i] - '0'), kMaxBytes);
        }
        if (i == digits) {
            return false;
        }
        if (i < text_.size() && text_[i] == ',') {
            for (++i; digit(); ++i) {
            }
        }
        if (i >= text_.size() || text_[i] != '}') {
            return false;
        }
        at_ = i + 1;
        least = number;
        return true;
    }

    Shape atom() {
        const char c = text_[at_];
        if (c == '(') {
            return group();
        }
        if (c == '[') {
            return set();
        }
        if (c == '\\') {
            return escape();
        }
        ++at_;
        if (c == '^') {
            return {false, 0, true, false};
        }
        if (c == '$') {
            return {false, 0, false, true};
        }
        return width(1);
    }

    Shape group() {
        ++at_;
        if (text_.substr(at_).starts_with("?")) {
            const size_t end = text_.find_first_of(":)>", at_);
            if (end == std::string_view::npos) {
                return give_up();
            }
            const std::string_view flags = text_.substr(at_ + 1, end - at_ - 1);
            const bool name = text_[end] == '>';
            if (!name && flags.find_first_not_of("isU-") != std::string_view::npos) {
                return give_up();  // (?m): '^' and '$' mean lines
            }
            at_ = end + 1;
            if (text_[end] == ')') {
                return {};
            }
        }
        if (++depth_ > kMaxDepth) {
            return give_up();
        }
        const Shape out = alternatives();
        --depth_;
        if (done()) {
            return give_up();
        }
        ++at_;  // ')'
        return out;
    }

    Shape set() {
        ++at_;
        at_ += text_.substr(at_).starts_with("^") ? 1 : 0;
        at_ += text_.substr(at_).starts_with("]") ? 1 : 0;  // the first is literal
        while (at_ < text_.size() && text_[at_] != ']') {
            if (text_.substr(at_).starts_with("[:")) {
                const size_t end = text_.find(":]", at_ + 2);
                at_ = end == std::string_view::npos ? text_.size() : end + 2;
            } else {
                at_ += text_[at_] == '\\' ? 2 : 1;
            }
        }
        if (at_ >= text_.size()) {
            return give_up();
        }
        ++at_;
        return width(1);
    }

    Shape escape() {
        at_ += 2;
        if (at_ > text_.size()) {
            return give_up();
        }
        const char c = text_[at_ - 1];
        switch (c) {
            case 'A':
                return {false, 0, true, false};
            case 'z':
                return {false, 0, false, true};
            case 'b':
            case 'B':
                return {};
            case 'Q': {
                const size_t end = std::min(text_.find("\\E", at_), text_.size());
                const size_t length = end - at_;
                at_ = std::min(end + 2, text_.size());
                return width(length);
            }
            case 'x':
            case 'p':
            case 'P':
                if (text_.substr(at_).starts_with("{")) {
                    const size_t end = text_.find('}', at_);
                    at_ = end == std::string_view::npos ? text_.size() : end + 1;
                } else {
                    at_ = std::min(at_ + (c == 'x' ? 2 : 1), text_.size());
                }
                return width(1);
            default:
                while (c >= '0' && c <= '7' && at_ < text_.size() && text_[at_] >= '0' &&
                       text_[at_] <= '7') {
                    ++at_;
                }
                return width(1);
        }
    }

    std::string_view text_;
    size_t at_ = 0;
    unsigned depth_ = 0;
    bool understood_ = true;
};

bool starts_with_literal(std::string_view text) {
    if (text.starts_with("(?i)")) {
        text.remove_prefix(4);
    }
    if (!text.starts_with('^') || text.size() < 2 || text.find('|') != std::string_view::npos) {
        return false;
    }
    text.remove_prefix(1);
    const bool escaped = text.front() == '\\';
    const size_t length = escaped ? 2 : 1;
    const bool literal =
        escaped ? text.size() > 1 && !std::isalnum(static_cast<unsigned char>(text[1]))
                : std::string_view("([.*+?{^$").find(text.front()) == std::string_view::npos;
    const bool optional =
        text.size() > length && (text[length] == '*' || text[length] == '?' || text[length] == '{');
    return literal && !optional;
}

}  // namespace

RegexpShape regexp_shape(std::string_view text) {
    Reader reader(text);
    const Shape shape = reader.alternatives();
    if (!reader.understood()) {
        return {};
    }
    return {shape.never, shape.never ? 0 : shape.min, starts_with_literal(text)};
}

}  // namespace vedette::secl
