// SPDX-License-Identifier: Apache-2.0
//
// Literals that no value of their field is equal to.
#include <fmt/format.h>

#include <algorithm>

#include "security-agent/secl/analysis_parts.h"
#include "security-agent/secl/explain_values.h"
#include "security-agent/secl/pattern.h"

namespace vedette::secl {
namespace {

constexpr size_t kShownText = 60;
constexpr size_t kMaxComm = 15;  // TASK_COMM_LEN without its end
constexpr size_t kMaxName = 255;
constexpr size_t kMaxReported = 5;  // literals of one test

using Kind = StringLiteral::Kind;

struct Finding {
    bool never = false;
    std::string message;
    std::string hint;
};

// Bytes that whatever matches has at least.
size_t least_bytes(const StringLiteral& literal) {
    if (literal.kind == Kind::kRegexp) {
        return regexp_shape(literal.text).min_bytes;
    }
    const auto stars = std::count(literal.text.begin(), literal.text.end(), '*');
    return literal.text.size() - (literal.kind == Kind::kExact ? 0 : static_cast<size_t>(stars));
}

Finding name_finding(const FieldRead& read, const StringLiteral& literal) {
    // The kernel's name of an anonymous file is what its maker chose, slashes and all.
    if (literal.kind != Kind::kRegexp && literal.text.find('/') != std::string::npos &&
        !literal.text.starts_with("memfd:")) {
        std::string path(read.field->name);
        path.replace(path.size() - 4, 4, "path");
        return {true, "a file name holds no '/'", fmt::format("compare {}", path)};
    }
    if (least_bytes(literal) > kMaxName) {
        return {true, fmt::format("a file name has at most {} bytes", kMaxName), {}};
    }
    return {};
}

Finding comm_finding(const StringLiteral& literal) {
    if (least_bytes(literal) <= kMaxComm) {
        return {};
    }
    const bool exact = literal.kind == Kind::kExact;
    return {
        true, fmt::format("comm is cut after {} bytes", kMaxComm),
        exact ? fmt::format("write {}", quoted(literal.text.substr(0, kMaxComm), kShownText)) : ""};
}

Finding extension_finding(const StringLiteral& literal) {
    if (literal.kind == Kind::kRegexp || literal.text.empty()) {
        return {};
    }
    if (literal.text.find('/') != std::string::npos) {
        return {true, "an extension holds no '/'", {}};
    }
    const size_t dot = literal.text.rfind('.');
    if (literal.kind == Kind::kExact && dot != std::string::npos && dot > 0) {
        return {true, "an extension is what follows the last dot",
                fmt::format("write {}", quoted(literal.text.substr(dot), kShownText))};
    }
    return {};
}

Finding path_finding(const FieldRead& read, const StringLiteral& literal) {
    const std::string_view text = literal.text;
    if (literal.kind == Kind::kGlob) {
        const std::string_view first = text.substr(0, text.find('/'));
        if (!first.empty() && first != "*" && first != "**") {
            return {true,
                    "no absolute path begins like this: before its first '/' there is nothing",
                    fmt::format("write ~\"**/{}\"", text)};
        }
    }
    // Programs may be known by the path they were called by; files never are.
    const bool file = read.field->subject == Subject::kEvent && read.field->alternatives == nullptr;
    const bool self = text == "/proc/self" || text.starts_with("/proc/self/") ||
                      text.starts_with("/proc/thread-self/");
    if (file && self) {
        const size_t rest = text.find('/', 6);
        return {
            true,
            "the path of an event is resolved: /proc/self is a link to the process's own number",
            rest == std::string_view::npos
                ? ""
                : fmt::format("write ~\"/proc/*{}\"", text.substr(rest))};
    }
    return {};
}

bool is_name(std::string_view field) {
    return field.ends_with(".file.name") || field.ends_with(".file.destination.name");
}

Finding finding(const FieldRead& read, const StringLiteral& literal) {
    if (literal.kind == Kind::kRegexp && regexp_shape(literal.text).never) {
        return {
            true, "this regular expression matches no text",
            "'^' stands where the text begins, '$' where it ends; escape them to mean themselves"};
    }
    const std::string_view field = read.field->name;
    if (is_name(field)) {
        return name_finding(read, literal);
    }
    if (field.ends_with(".comm")) {
        return comm_finding(literal);
    }
    if (field.ends_with(".extension")) {
        return extension_finding(literal);
    }
    return read.field->matching == Matching::kPath ? path_finding(read, literal) : Finding{};
}

// A star that is meant as one: "*" in an argument is nothing odd, in a file name it is.
bool forgotten_tilde(const FieldRead& read, const StringLiteral& literal) {
    return literal.kind == Kind::kExact && literal.text.find('*') != std::string::npos &&
           (read.field->matching == Matching::kPath || is_name(read.field->name) ||
            read.field->name.ends_with(".comm"));
}

}  // namespace

Fold check_strings(const Condition& condition, Warnings& warnings) {
    const auto* set = std::get_if<StringSet>(condition.test.get());
    if (set == nullptr || set->read.kind != FieldRead::Kind::kValue ||
        set->read.field->subject == Subject::kVariable ||
        set->read.field->subject == Subject::kTemplate) {
        return Fold::kDepends;
    }
    size_t never = 0;
    size_t reported = 0;
    for (const StringLiteral& literal : set->literals) {
        Finding found = finding(set->read, literal);
        never += found.never ? 1 : 0;
        if (!found.never && forgotten_tilde(set->read, literal)) {
            found.message = "'*' is an ordinary character in a plain string";
            found.hint = fmt::format("a pattern is written ~{}", quoted(literal.text, kShownText));
        }
        if (!found.message.empty() && ++reported <= kMaxReported) {
            warnings.push_back({condition.place,
                                fmt::format("{} of '{}'{}: {}", literal_text(literal, kShownText),
                                            read_name(set->read),
                                            found.never ? " never matches" : "", found.message),
                                std::move(found.hint)});
        }
    }
    return never == set->literals.size() && never > 0 ? Fold::kNever : Fold::kDepends;
}

}  // namespace vedette::secl
