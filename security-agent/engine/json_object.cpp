// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/json_object.h"

#include <array>
#include <charconv>
#include <cstring>

#include "common/json_text.h"

using namespace std::string_view_literals;

namespace vedette::engine {
namespace {

constexpr uint64_t kOnes = ~uint64_t{0} / 0xff;

/// Whether eight bytes stand in a JSON string as they are, whatever is around them: none below 0x20 or above 0x7f, no
/// quote and no backslash. A subtraction borrows from a byte's highest bit where the byte was too small; what it then
/// says of the bytes above matters no more.
bool is_plain(uint64_t word) {
    constexpr uint64_t kHigh = kOnes * 0x80;
    const auto any_zero = [](uint64_t bytes) { return (bytes - kOnes) & ~bytes & kHigh; };
    const uint64_t below = (word - kOnes * 0x20) & ~word;
    return (((word | below) & kHigh) | any_zero(word ^ (kOnes * '"')) |
            any_zero(word ^ (kOnes * '\\'))) == 0;
}

bool are_plain(std::string_view bytes) {
    for (; bytes.size() >= sizeof(uint64_t); bytes.remove_prefix(sizeof(uint64_t))) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        if (!is_plain(word))
            return false;
    }
    if (bytes.empty())
        return true;
    uint64_t word = kOnes * ' ';
    std::memcpy(&word, bytes.data(), bytes.size());
    return is_plain(word);
}

/// Appends them, once room is made for all.
template <typename... Parts>
void append_all(std::string& out, Parts... parts) {
    size_t at = out.size();
    out.resize(at + (parts.size() + ...));
    ((parts.copy(out.data() + at, parts.size()), at += parts.size()), ...);
}

void append_escaped(std::string& out, char c) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    static constexpr std::string_view kShort = "\"\"\\\\\bb\ff\nn\rr\tt";  // a byte, its letter
    for (size_t i = 0; i < kShort.size(); i += 2)
        if (kShort[i] == c) {
            (out += '\\') += kShort[i + 1];
            return;
        }
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20) {
        out += c;
        return;
    }
    ((out += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
}

template <typename Number>
void append_digits(std::string& out, Number value) {
    std::array<char, 24> digits;
    out.append(digits.data(),
               std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

/// `at` is where a string begins; returns where it has ended.
size_t after_string(const std::string& text, size_t at) {
    for (++at; text[at] != '"'; ++at)
        if (text[at] == '\\')
            ++at;
    return at + 1;
}

size_t after_value(const std::string& text, size_t at) {
    size_t depth = 0;
    while (true) {
        const char c = text[at];
        if (c == '"') {
            at = after_string(text, at);
        } else if (c == '{' || c == '[') {
            ++depth;
            ++at;
            continue;
        } else if (c == '}' || c == ']') {
            --depth;
            ++at;
        } else {
            ++at;
            if (depth > 0 || (at < text.size() && text[at] != ',' && text[at] != '}'))
                continue;
        }
        if (depth == 0)
            return at;
    }
}

/// Where the value of a member begins, of an object whose members begin at `at`; npos: it has none of that name.
size_t find_member(const std::string& text, size_t at, std::string_view name) {
    while (at < text.size() && text[at] == '"') {
        const size_t end = after_string(text, at);
        if (std::string_view(text).substr(at + 1, end - at - 2) == name)
            return end + 1;
        at = after_value(text, end + 1) + 1;
    }
    return std::string::npos;
}

}  // namespace

void append_json_string(std::string& out, std::string_view bytes) {
    if (are_plain(bytes))
        return append_all(out, "\""sv, bytes, "\""sv);
    out += '"';
    for (const char c : json_text(bytes))
        append_escaped(out, c);
    out += '"';
}

void append_json_number(std::string& out, int64_t value) {
    append_digits(out, value);
}

void append_json_number(std::string& out, uint64_t value) {
    append_digits(out, value);
}

JsonObject::JsonObject(std::initializer_list<NamedValue> members) {
    for (const NamedValue& member : members)
        (*this)[member.name] = member.text;
}

JsonObject::Member JsonObject::operator[](std::string_view name) {
    const std::string_view before = members_.empty() ? ""sv : ","sv;
    if (are_plain(name)) {
        append_all(members_, before, "\""sv, name, "\":"sv);
    } else {
        append_json_string(members_ += before, name);
        members_ += ':';
    }
    return Member(members_);
}

void JsonObject::append(std::string_view members) {
    if (!members_.empty() && !members.empty())
        members_ += ',';
    members_ += members;
}

void JsonObject::insert(std::span<const std::string_view> path, std::string_view members) {
    if (path.empty())
        return append(members);
    size_t begin = 0;  // of the members of an object
    for (const std::string_view name : path) {
        begin = find_member(members_, begin, name);
        if (begin == std::string::npos || members_[begin] != '{')
            return;
        ++begin;
    }
    const size_t end = after_value(members_, begin - 1) - 1;
    if (members.empty())
        return;
    std::string addition(end > begin ? "," : "");
    members_.insert(end, addition += members);
}

}  // namespace vedette::engine
