// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/string_literal.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "security-agent/secl/pattern.h"

namespace vedette::secl {
namespace {

constexpr size_t kMaxPathElements = 1363;
constexpr size_t kMaxElementBytes = 255;
constexpr size_t kMaxKernelName = 15;
constexpr int64_t kMaxRegexpMemory = 8 << 20;

bool is_path_field(std::string_view name) {
    return name.ends_with(".path") && name.find(".syscall.") == std::string_view::npos;
}

bool is_kernel_name(std::string_view name) {
    return name == "bpf.map.name" || name == "bpf.prog.name";
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return out;
}

// As path.Clean of the reference's language, without "..": what the rule's author probably meant.
std::string cleaned(std::string_view path) {
    std::string out;
    size_t at = 0;
    while (at <= path.size()) {
        const size_t end = std::min(path.find('/', at), path.size());
        const std::string_view element = path.substr(at, end - at);
        if (!element.empty() && element != ".") {
            out += out.empty() && !path.starts_with('/') ? "" : "/";
            out += element;
        }
        at = end + 1;
    }
    return out.empty() ? "/" : out;
}

Result<> check_regexp(std::string_view text, bool ignore_case) {
    const RE2 regexp(re2::StringPiece(text.data(), text.size()), regexp_options(ignore_case));
    if (!regexp.ok()) {
        return fail(ErrorCode::kInvalid, "not a regular expression (RE2): {}", regexp.error());
    }
    return {};
}

}  // namespace

RE2::Options regexp_options(bool ignore_case) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_case_sensitive(!ignore_case);
    options.set_max_mem(kMaxRegexpMemory);
    return options;
}

Result<> check_path(std::string_view path) {
    if (path.empty()) {
        return {};
    }
    if (path == "*") {
        return fail(ErrorCode::kInvalid,
                    "'*' alone is no path; use ** for any path, /* for one level");
    }
    if (path.starts_with('~')) {
        return fail(ErrorCode::kInvalid, "'~' is not expanded; write the absolute path");
    }
    if (!path.starts_with('/') && !path.starts_with('*')) {
        return fail(ErrorCode::kInvalid, "a path must be absolute or start with '*'");
    }
    size_t elements = 0;
    size_t at = 0;
    while (at <= path.size()) {
        const size_t end = std::min(path.find('/', at), path.size());
        const std::string_view element = path.substr(at, end - at);
        if (element == "..") {
            return fail(ErrorCode::kInvalid, "a path must not hold '..'; write where it leads");
        }
        if (element.size() > kMaxElementBytes) {
            return fail(ErrorCode::kInvalid, "a path element has at most {} bytes",
                        kMaxElementBytes);
        }
        ++elements;
        at = end + 1;
    }
    if (elements > kMaxPathElements) {
        return fail(ErrorCode::kInvalid, "a path has at most {} elements", kMaxPathElements);
    }
    if (const std::string clean = cleaned(path); clean != path) {
        return fail(ErrorCode::kInvalid, "the path is not clean; write '{}'", clean);
    }
    return {};
}

Result<StringLiteral> resolve_literal(const FieldDef& field, ast::StringKind kind,
                                      std::string_view text) {
    const bool own_name =
        field.subject != Subject::kVariable && field.subject != Subject::kTemplate;
    const bool path = own_name && is_path_field(field.name);
    const bool ignore_case = field.matching == Matching::kCaseInsensitive;
    if (kind == ast::StringKind::kRegexp) {
        if (path) {
            return fail(ErrorCode::kInvalid,
                        "regular expressions cannot be compared with path fields; use ~\"...\"");
        }
        if (auto checked = check_regexp(text, ignore_case); !checked) {
            return forward_error(checked);
        }
        return StringLiteral{StringLiteral::Kind::kRegexp, std::string(text)};
    }
    if (path) {
        if (auto checked = check_path(text); !checked) {
            return forward_error(checked);
        }
    }
    StringLiteral literal{StringLiteral::Kind::kExact,
                          ignore_case ? lower(text) : std::string(text)};
    if (own_name && is_kernel_name(field.name) && text.size() > kMaxKernelName) {
        return fail(ErrorCode::kInvalid, "the name has {} bytes, the kernel keeps at most {}",
                    text.size(), kMaxKernelName);
    }
    if (own_name && field.name.ends_with(".extension") && !literal.text.empty() &&
        literal.text.front() != '.' && literal.text.front() != '*') {
        literal.text = fmt::format(".{}", literal.text);  // the leading dot may be left out
    }
    if (kind == ast::StringKind::kPattern) {
        const bool glob = field.matching == Matching::kPath;
        auto checked = glob ? check_glob(text) : check_pattern(text);
        if (!checked) {
            return forward_error(checked);
        }
        if (text.find('*') != std::string_view::npos) {
            literal.kind = glob ? StringLiteral::Kind::kGlob : StringLiteral::Kind::kPattern;
        }
    }
    return literal;
}

Result<bool> literal_matches(ast::StringKind kind, std::string_view pattern,
                             std::string_view text) {
    switch (kind) {
        case ast::StringKind::kPlain:
            return pattern == text;
        case ast::StringKind::kPattern: {
            if (auto checked = check_pattern(pattern); !checked) {
                return forward_error(checked);
            }
            return Pattern(pattern).matches(text);
        }
        case ast::StringKind::kRegexp: {
            const RE2 regexp(re2::StringPiece(pattern.data(), pattern.size()),
                             regexp_options(false));
            if (!regexp.ok()) {
                return fail(ErrorCode::kInvalid, "not a regular expression (RE2): {}",
                            regexp.error());
            }
            return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regexp);
        }
    }
    return false;
}

}  // namespace vedette::secl
