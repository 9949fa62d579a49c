// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/json_tree.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "security-agent/policy/yaml_fields.h"

namespace vedette::replay {
namespace {

using policy::YamlNode;
using policy::YamlNodePtr;
using Kind = YamlNode::Kind;

constexpr std::string_view kBlank = " \t\r\n";
constexpr uint32_t kNoCodePoint = 0xffffffff;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
        return;
    }
    if (code < 0x800) {
        out += static_cast<char>(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | code >> 12);
        out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | code >> 18);
        out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
        out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    }
    out += static_cast<char>(0x80 | (code & 0x3f));
}

class Reader {
   public:
    Reader(const std::shared_ptr<const secl::SourceFile>& file, secl::Diagnostics& diagnostics)
        : file_(file), text_(file->text()), diagnostics_(diagnostics) {}

    YamlNodePtr document() {
        if (text_.size() > kMaxJsonBytes) {
            return refuse(fmt::format("the file has {} bytes, at most {} are read", text_.size(),
                                      kMaxJsonBytes));
        }
        YamlNodePtr root = value(0);
        if (!root) {
            return nullptr;
        }
        skip_blank();
        return at_ == text_.size() ? root : refuse("something follows the end of the document");
    }

   private:
    YamlNodePtr refuse(std::string message, std::string hint = {}) {
        if (!failed_) {
            diagnostics_.add(secl::Severity::kError,
                             policy::place_in(file_, static_cast<uint32_t>(at_)), {0, 0},
                             std::move(message), std::move(hint));
        }
        failed_ = true;
        return nullptr;
    }

    void skip_blank() { at_ = std::min(text_.find_first_not_of(kBlank, at_), text_.size()); }

    /// The next character that is no blank; 0 at the end.
    char peek() {
        skip_blank();
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    bool take(char wanted) {
        if (peek() != wanted) {
            return false;
        }
        ++at_;
        return true;
    }

    YamlNodePtr value(size_t depth) {
        if (depth > kMaxJsonDepth) {
            return refuse(fmt::format("nested deeper than {} levels", kMaxJsonDepth));
        }
        if (++values_ > kMaxJsonValues) {
            return refuse(fmt::format("more than {} values", kMaxJsonValues));
        }
        const char next = peek();
        YamlNode node;
        node.offset = static_cast<uint32_t>(at_);
        switch (next) {
            case '{':
                return object(std::move(node), depth);
            case '[':
                return list(std::move(node), depth);
            case '"':
                node.kind = Kind::kScalar;
                return string(node.scalar) ? finish(std::move(node)) : nullptr;
            default:
                return literal(std::move(node));
        }
    }

    static YamlNodePtr finish(YamlNode node) {
        return std::make_shared<const YamlNode>(std::move(node));
    }

    YamlNodePtr object(YamlNode node, size_t depth) {
        node.kind = Kind::kMap;
        ++at_;
        if (take('}')) {
            return finish(std::move(node));
        }
        while (true) {
            YamlNode key;
            key.kind = Kind::kScalar;
            if (peek() != '"') {
                return refuse("a name in quotes is expected here");
            }
            key.offset = static_cast<uint32_t>(at_);
            if (!string(key.scalar)) {
                return nullptr;
            }
            if (!take(':')) {
                return refuse("':' is expected here");
            }
            YamlNodePtr item = value(depth + 1);
            if (!item) {
                return nullptr;
            }
            node.entries.push_back({finish(std::move(key)), std::move(item)});
            if (take('}')) {
                return finish(std::move(node));
            }
            if (!take(',')) {
                return refuse("',' or '}' is expected here");
            }
        }
    }

    YamlNodePtr list(YamlNode node, size_t depth) {
        node.kind = Kind::kList;
        ++at_;
        if (take(']')) {
            return finish(std::move(node));
        }
        while (true) {
            YamlNodePtr item = value(depth + 1);
            if (!item) {
                return nullptr;
            }
            node.items.push_back(std::move(item));
            if (take(']')) {
                return finish(std::move(node));
            }
            if (!take(',')) {
                return refuse("',' or ']' is expected here");
            }
        }
    }

    bool string(std::string& out) {
        ++at_;
        while (at_ < text_.size() && text_[at_] != '"') {
            const char c = text_[at_];
            if (static_cast<unsigned char>(c) < 0x20) {
                refuse("a control character in a string is written with a backslash, as \\n");
                return false;
            }
            if (c != '\\') {
                out += c;
                ++at_;
            } else if (!escape(out)) {
                return false;
            }
        }
        if (at_ == text_.size()) {
            refuse("the string has no end");
            return false;
        }
        ++at_;
        return true;
    }

    bool escape(std::string& out) {
        static constexpr std::string_view kNames = "\"\\/bfnrt";
        static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (const size_t which = kNames.find(c); c != '\0' && which != std::string_view::npos) {
            out += kMeanings[which];
            at_ += 2;
            return true;
        }
        uint32_t code = c == 'u' ? hex(at_ + 2) : kNoCodePoint;
        size_t length = 6;
        if (code >= 0xd800 && code <= 0xdbff) {
            const bool pair = text_.substr(at_ + 6, 2) == "\\u";
            const uint32_t low = pair ? hex(at_ + 8) : kNoCodePoint;
            const bool good = low >= 0xdc00 && low <= 0xdfff;
            code = good ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : kNoCodePoint;
            length = 12;
        } else if (code >= 0xdc00 && code <= 0xdfff) {
            code = kNoCodePoint;
        }
        if (code == kNoCodePoint) {
            refuse("not an escape that JSON knows");
            return false;
        }
        append_utf8(out, code);
        at_ += length;
        return true;
    }

    uint32_t hex(size_t at) const {
        if (at + 4 > text_.size()) {
            return kNoCodePoint;
        }
        uint32_t code = 0;
        for (const char c : text_.substr(at, 4)) {
            const char lower = static_cast<char>(c | 0x20);
            if (is_digit(c)) {
                code = code << 4 | static_cast<uint32_t>(c - '0');
            } else if (lower >= 'a' && lower <= 'f') {
                code = code << 4 | static_cast<uint32_t>(lower - 'a' + 10);
            } else {
                return kNoCodePoint;
            }
        }
        return code;
    }

    YamlNodePtr literal(YamlNode node) {
        const size_t end = std::min(text_.find_first_of(" \t\r\n,:]}[{\"", at_), text_.size());
        const std::string_view word = text_.substr(at_, end - at_);
        if (word.empty()) {
            return refuse("a value is expected here");
        }
        if (word != "null" && word != "true" && word != "false" && !is_number(word)) {
            return refuse("neither a string in quotes nor a number, true, false or null");
        }
        at_ = end;
        if (word != "null") {
            node.kind = Kind::kScalar;
            node.plain = true;
            node.scalar = word;
        }
        return finish(std::move(node));
    }

    /// As in RFC 8259, section 6.
    static bool is_number(std::string_view text) {
        const auto digits = [&text] {
            const size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
            text.remove_prefix(count);
            return count;
        };
        const auto skip = [&text](std::string_view any) {
            const bool found = !text.empty() && any.find(text.front()) != std::string_view::npos;
            text.remove_prefix(found ? 1 : 0);
            return found;
        };
        skip("-");
        const bool zero = text.starts_with('0');
        const size_t count = digits();
        if (count == 0 || (zero && count > 1) || (skip(".") && digits() == 0)) {
            return false;
        }
        if (skip("eE")) {
            skip("+-");
            if (digits() == 0) {
                return false;
            }
        }
        return text.empty();
    }

    std::shared_ptr<const secl::SourceFile> file_;
    std::string_view text_;
    secl::Diagnostics& diagnostics_;
    size_t at_ = 0;
    size_t values_ = 0;
    bool failed_ = false;
};

}  // namespace

YamlNodePtr read_json(const std::shared_ptr<const secl::SourceFile>& file,
                      secl::Diagnostics& diagnostics) {
    return Reader(file, diagnostics).document();
}

}  // namespace vedette::replay
