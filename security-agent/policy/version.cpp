// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/version.h"

#include <algorithm>
#include <charconv>

namespace vedette::policy {
namespace {

struct PartialVersion {
    Version version;
    size_t given = 0;  // numbers that were written
};

Result<PartialVersion> parse_partial(std::string_view text) {
    PartialVersion out;
    std::string_view rest = text.starts_with('v') ? text.substr(1) : text;
    rest = rest.substr(0, rest.find_first_of("-+"));
    while (out.given < 3) {
        const auto [end, error] =
            std::from_chars(rest.data(), rest.data() + rest.size(), out.version.numbers[out.given]);
        if (error != std::errc{}) {
            break;
        }
        ++out.given;
        rest.remove_prefix(static_cast<size_t>(end - rest.data()));
        if (rest.empty()) {
            return out;
        }
        if (rest.front() != '.') {
            break;
        }
        rest.remove_prefix(1);
    }
    return fail(ErrorCode::kInvalid, "'{}' is not a version: write 7.46 or 7.46.1", text);
}

// The written part alone counts: 7.46.1 against 7.46 is equal.
std::strong_ordering compare_given(const Version& version, const PartialVersion& bound) {
    for (size_t i = 0; i < bound.given; ++i) {
        if (const auto order = version.numbers[i] <=> bound.version.numbers[i]; order != 0) {
            return order;
        }
    }
    return std::strong_ordering::equal;
}

Result<bool> holds(const Version& version, std::string_view op, std::string_view text) {
    auto parsed = parse_partial(text);
    if (!parsed) {
        return forward_error(parsed);
    }
    const PartialVersion& bound = *parsed;
    const auto order = compare_given(version, bound);
    if (op.empty() || op == "=" || op == "==") {
        return order == 0;
    }
    if (op == "!=") {
        return order != 0;
    }
    if (op == "<") {
        return order < 0;
    }
    if (op == "<=") {
        return order <= 0;
    }
    if (op == ">") {
        return order > 0;
    }
    if (op == ">=") {
        return order >= 0;
    }
    const bool at_least = version >= bound.version;
    const bool same_major = version.numbers[0] == bound.version.numbers[0];
    const bool same_minor = bound.given < 2 || version.numbers[1] == bound.version.numbers[1];
    if (op == "^") {
        return at_least && same_major;
    }
    if (op == "~" || op == "~>") {
        return at_least && same_major && same_minor;
    }
    return fail(ErrorCode::kInvalid, "'{}' is no version operator: use = != < <= > >= ~ ^", op);
}

Result<bool> all_hold(const Version& version, std::string_view list) {
    constexpr std::string_view kSeparators = ", \t\n";
    constexpr std::string_view kOperators = "=!<>~^";
    bool any = false;
    bool result = true;
    while (true) {
        const size_t begin = list.find_first_not_of(kSeparators);
        if (begin == std::string_view::npos) {
            break;
        }
        list.remove_prefix(begin);
        const size_t op_end = std::min(list.find_first_not_of(kOperators), list.size());
        const std::string_view op = list.substr(0, op_end);
        list.remove_prefix(op_end);
        list.remove_prefix(std::min(list.find_first_not_of(" \t"), list.size()));
        const size_t end = std::min(list.find_first_of(kSeparators), list.size());
        auto held = holds(version, op, list.substr(0, end));
        if (!held) {
            return held;
        }
        list.remove_prefix(end);
        result = result && *held;
        any = true;
    }
    if (!any) {
        return fail(ErrorCode::kInvalid,
                    "a version constraint is missing: write one like '>= 7.46'");
    }
    return result;
}

}  // namespace

Result<Version> parse_version(std::string_view text) {
    auto parsed = parse_partial(text);
    if (!parsed) {
        return forward_error(parsed);
    }
    return parsed->version;
}

Result<bool> satisfies(const Version& version, std::string_view constraint) {
    bool result = false;
    while (true) {
        const size_t end = constraint.find("||");
        auto held = all_hold(version, constraint.substr(0, end));
        if (!held) {
            return held;
        }
        result = result || *held;
        if (end == std::string_view::npos) {
            return result;
        }
        constraint.remove_prefix(end + 2);
    }
}

}  // namespace vedette::policy
