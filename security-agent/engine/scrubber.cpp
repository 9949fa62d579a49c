// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/scrubber.h"

#include <algorithm>
#include <array>

namespace vedette::engine {
namespace {

constexpr std::array<std::string_view, 15> kWords = {
    "password",   "passwd",     "passphrase",  "mysql_pwd",   "pgpassword",
    "api_key",    "api-key",    "apikey",      "secret",      "access_token",
    "auth_token", "auth-token", "credentials", "private_key", "access_key"};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Position of `needle` (lower case) in `text`, ignoring ASCII case.
size_t find_any_case(std::string_view text, std::string_view needle, size_t from = 0) {
    if (from > text.size())
        return std::string_view::npos;
    const auto found =
        std::search(text.begin() + static_cast<ptrdiff_t>(from), text.end(), needle.begin(),
                    needle.end(), [](char a, char b) { return lower(a) == b; });
    return found == text.end() ? std::string_view::npos : static_cast<size_t>(found - text.begin());
}

/// A name such as --db-password, MYSQL_PWD, "token".
bool is_sensitive(std::string_view name) {
    while (!name.empty() && (name.front() == '-' || name.front() == '"'))
        name.remove_prefix(1);
    while (!name.empty() && (name.back() == '"' || name.back() == ' '))
        name.remove_suffix(1);
    if (name.size() == 5 && find_any_case(name, "token") == 0)
        return true;
    return std::any_of(kWords.begin(), kWords.end(), [name](std::string_view word) {
        return find_any_case(name, word) != std::string_view::npos;
    });
}

/// Replaces from `begin` to the next byte of `stops`, or to the end.
void replace(std::string& text, size_t begin, std::string_view stops) {
    size_t end = text.find_first_of(stops, begin);
    if (end == std::string::npos)
        end = text.size();
    if (end > begin)
        text.replace(begin, end - begin, kScrubbed);
}

/// scheme://user:SECRET@host
void scrub_url(std::string& text) {
    for (size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at)) {
        at += 3;
        const size_t end = text.find_first_of("/ \t\"'", at);
        const size_t sign = text.rfind('@', end == std::string::npos ? end : end - 1);
        const size_t colon = text.find(':', at);
        if (sign == std::string::npos || sign < at || colon == std::string::npos || colon > sign)
            continue;
        text.replace(colon + 1, sign - colon - 1, kScrubbed);
    }
}

void scrub_authorization(std::string& text) {
    for (const std::string_view scheme : {"bearer ", "basic "}) {
        const size_t at = find_any_case(text, scheme);
        const bool header = find_any_case(text, "authorization") != std::string_view::npos;
        if (at != std::string_view::npos && (header || at == 0))
            replace(text, at + scheme.size(), "\"' \n");
    }
}

/// NAME=value and NAME: value, once or several times in one argument (sh -c "A=1 PASSWORD=x cmd", a URL's query).
void scrub_assignments(std::string& text) {
    static constexpr std::string_view kSeparators = " \t\n;&?,{\"'";
    for (size_t sign = text.find_first_of("=:"); sign != std::string::npos;
         sign = text.find_first_of("=:", sign + 1)) {
        // A quoted JSON name ends before its colon.
        size_t name_end = sign;
        while (name_end > 0 && (text[name_end - 1] == '"' || text[name_end - 1] == '\''))
            --name_end;
        if (name_end == 0)
            continue;
        const size_t before = text.find_last_of(kSeparators, name_end - 1);
        const size_t name = before == std::string::npos ? 0 : before + 1;
        if (!is_sensitive(std::string_view(text).substr(name, name_end - name)))
            continue;
        size_t value = text.find_first_not_of(" \"'", sign + 1);
        if (value == std::string::npos)
            break;
        // The whole rest belongs to an argument that is nothing but an assignment.
        replace(text, value, name == 0 ? std::string_view("\n") : std::string_view(" \t\n;&\"'},"));
        sign = value;
    }
}

}  // namespace

std::vector<std::string> scrub(std::span<const std::string_view> arguments) {
    std::vector<std::string> out;
    out.reserve(arguments.size());
    bool hide_next = false;
    for (const std::string_view argument : arguments) {
        const bool dashed = argument.starts_with('-') && argument.size() > 1;
        if (hide_next && !dashed && !argument.empty()) {
            out.emplace_back(kScrubbed);
            hide_next = false;
            continue;
        }
        std::string text(argument);
        scrub_url(text);
        scrub_authorization(text);
        scrub_assignments(text);
        hide_next =
            dashed && argument.find('=') == std::string_view::npos && is_sensitive(argument);
        out.push_back(std::move(text));
    }
    return out;
}

}  // namespace vedette::engine
