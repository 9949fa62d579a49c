// SPDX-License-Identifier: Apache-2.0
#include "system-probe/packets/http_head.h"

#include <algorithm>

namespace vedette::probe {
namespace {

constexpr std::string_view kVersion = "HTTP/";
constexpr size_t kMaxMethod = 16;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t";
    const size_t begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Cuts the first line off; CR LF or LF ends it, as servers take it.
std::string_view take_line(std::string_view& rest) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

bool parse_first_line(std::string_view line, HttpHead& out) {
    if (line.starts_with(kVersion)) {
        out.is_response = true;
        return true;
    }
    const size_t space = line.find(' ');
    if (space == 0 || space > kMaxMethod)
        return false;
    out.method = line.substr(0, space);
    if (!std::ranges::all_of(out.method, [](char c) { return c >= 'A' && c <= 'Z'; }))
        return false;
    const std::string_view rest = line.substr(space + 1);
    const size_t version = rest.rfind(' ');
    // Without a version the line was cut: what there is of the target still counts.
    out.target = version != std::string_view::npos && rest.substr(version + 1).starts_with(kVersion)
                     ? rest.substr(0, version)
                     : rest;
    return !out.target.empty();
}

}  // namespace

std::optional<std::string_view> HttpHead::header(std::string_view name) const {
    const auto found = std::ranges::find_if(
        headers, [name](const auto& one) { return equal_in_any_case(one.first, name); });
    if (found == headers.end())
        return std::nullopt;
    return found->second;
}

std::optional<HttpHead> parse_http_head(std::string_view bytes) {
    HttpHead out;
    if (!parse_first_line(take_line(bytes), out))
        return std::nullopt;
    while (!bytes.empty()) {
        const std::string_view line = take_line(bytes);
        if (line.empty()) {
            out.body = bytes;
            break;
        }
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos || out.headers.size() == HttpHead::kMaxHeaders)
            continue;
        out.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    }
    return out;
}

}  // namespace vedette::probe
