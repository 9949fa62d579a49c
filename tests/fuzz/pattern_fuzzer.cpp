// SPDX-License-Identifier: Apache-2.0
//
// Any patterns, globs and regular expressions against any value: lines of the input are literals (the first byte of
// each says of which kind), the last one is the value. What it asserts: a pattern and a glob match as their definition
// says (a table over both texts, no cleverness), and all literals matched together match as each does alone.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/pattern.h"
#include "security-agent/secl/string_literal.h"
#include "security-agent/secl/string_matcher.h"

namespace {

using namespace vedette::secl;

constexpr size_t kMaxInput = 4096;  // the definitions below take the square of it

void require(bool condition, const char* what) {
    if (!condition) {
        std::fprintf(stderr, "%s\n", what);
        std::abort();
    }
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

// matches[i]: the pattern so far matches the first i bytes.
bool pattern_by_definition(std::string_view pattern, std::string_view text) {
    std::vector<char> matches(text.size() + 1, 0);
    matches[0] = 1;
    for (const char p : pattern) {
        std::vector<char> next(text.size() + 1, 0);
        for (size_t i = 0; i <= text.size(); ++i) {
            next[i] = p == '*' ? (matches[i] || (i > 0 && next[i - 1]))
                               : (i > 0 && matches[i - 1] && text[i - 1] == p);
        }
        matches = std::move(next);
    }
    return matches.back() != 0;
}

// The same over path elements.
bool glob_by_definition(std::string_view glob, std::string_view path) {
    const std::vector<std::string> elements = split(glob, '/');
    if (path.empty()) {
        return false;
    }
    if (elements.front() == "*") {
        path.remove_prefix(1);
        if (path.empty()) {
            return false;
        }
    }
    const std::vector<std::string> names = split(path, '/');
    const size_t count = names.size();
    std::vector<char> matches(count + 1, 0);
    matches[0] = 1;
    for (size_t e = 0; e < elements.size(); ++e) {
        const bool last = e + 1 == elements.size();
        std::vector<char> next(count + 1, 0);
        for (size_t i = 0; i <= count; ++i) {
            const bool nameless_end = last && i == count && i > 0 && names[i - 1].empty();
            if (elements[e] == "**" && last) {
                // One element with a name, or several.
                for (size_t from = 0; i == count && from < count; ++from) {
                    next[i] |= matches[from] && !(from + 1 == count && names[from].empty());
                }
            } else if (elements[e] == "**") {
                next[i] = matches[i] || (i > 0 && next[i - 1]);
            } else {
                next[i] = i > 0 && matches[i - 1] && !nameless_end &&
                          pattern_by_definition(elements[e], names[i - 1]);
            }
        }
        matches = std::move(next);
    }
    return matches[count] != 0;
}

bool alone(const StringLiteral& literal, std::string_view value) {
    switch (literal.kind) {
        case StringLiteral::Kind::kExact:
            return literal.text == value;
        case StringLiteral::Kind::kPattern: {
            const bool matched = Pattern(literal.text).matches(value);
            require(matched == pattern_by_definition(literal.text, value), "a pattern is wrong");
            return matched;
        }
        case StringLiteral::Kind::kGlob: {
            const bool matched = PathGlob(literal.text).matches(value);
            require(matched == glob_by_definition(literal.text, value), "a glob is wrong");
            return matched;
        }
        case StringLiteral::Kind::kRegexp:
            return RE2::PartialMatch(re2::StringPiece(value.data(), value.size()),
                                     RE2(literal.text, regexp_options(false)));
    }
    return false;
}

bool valid(const StringLiteral& literal) {
    switch (literal.kind) {
        case StringLiteral::Kind::kExact:
            return true;
        case StringLiteral::Kind::kPattern:
            return check_pattern(literal.text).has_value();
        case StringLiteral::Kind::kGlob:
            return check_glob(literal.text).has_value();
        case StringLiteral::Kind::kRegexp:
            return RE2(literal.text, regexp_options(false)).ok();
    }
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size > kMaxInput) {
        return 0;
    }
    std::vector<std::string> lines = split({reinterpret_cast<const char*>(data), size}, '\n');
    const std::string value = std::move(lines.back());
    lines.pop_back();
    std::set<StringLiteral> literals;
    for (const std::string& line : lines) {
        if (line.empty()) {
            continue;
        }
        StringLiteral literal;
        literal.kind = static_cast<StringLiteral::Kind>(static_cast<uint8_t>(line[0]) % 4);
        literal.text = line.substr(1);
        if (valid(literal)) {
            literals.insert(std::move(literal));
        }
    }
    std::set<uint32_t> expected;
    std::vector<StringMatcher::Entry> entries;
    for (const StringLiteral& literal : literals) {
        const auto number = static_cast<uint32_t>(entries.size());
        if (alone(literal, value)) {
            expected.insert(number);
        }
        entries.push_back({literal, {number}});
    }
    std::set<uint32_t> found;
    const StringMatcher matcher(std::move(entries), false);
    matcher.match(value, [&](uint32_t number) { found.insert(number); });
    require(found == expected, "together literals match otherwise than alone");
    return 0;
}
