// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::secl {
namespace {

constexpr size_t kMaxLineShown = 160;  // columns of a source line around the error

struct ShownLine {
    std::string text;
    size_t column = 0;  // of the error in `text`, from 0
    size_t length = 1;
};

bool continues_code_point(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// The part of a long line that holds the error, without anything a terminal would obey.
ShownLine show_line(const Diagnostic& diagnostic) {
    const size_t first =
        diagnostic.column > kMaxLineShown / 2 + 1 ? diagnostic.column - 1 - kMaxLineShown / 2 : 0;
    ShownLine shown;
    if (first > 0) {
        shown.text = "...";
    }
    size_t column = 0;  // in code points of the source line
    size_t shown_width = shown.text.size();
    bool started = false;
    for (const char c : diagnostic.source_line) {
        if (!continues_code_point(c)) {
            if (column == diagnostic.column - 1) {
                shown.column = shown_width;
                started = true;
            }
            ++column;
            if (column > first && column <= first + kMaxLineShown) {
                ++shown_width;
            }
        }
        if (column <= first || column > first + kMaxLineShown) {
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        shown.text += byte < 0x20 || byte == 0x7f ? (c == '\t' ? ' ' : '?') : c;
    }
    if (!started) {
        shown.column = shown_width;
    }
    if (column > first + kMaxLineShown) {
        shown.text += "...";
    }
    shown.length =
        std::clamp<size_t>(diagnostic.length, 1,
                           std::max<size_t>(1, shown_width - std::min(shown_width, shown.column)));
    return shown;
}

std::string visible(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

std::string_view to_string(Severity severity) {
    return severity == Severity::kError ? "error" : "warning";
}

void Diagnostics::add(Diagnostic diagnostic) {
    const bool known = std::any_of(items_.begin(), items_.end(), [&](const Diagnostic& other) {
        return other.line == diagnostic.line && other.column == diagnostic.column &&
               other.file == diagnostic.file && other.message == diagnostic.message;
    });
    if (known) {
        return;
    }
    (diagnostic.severity == Severity::kError ? errors_ : warnings_) += 1;
    if (items_.size() >= kMax) {
        ++dropped_;
        return;
    }
    items_.push_back(std::move(diagnostic));
}

void Diagnostics::add(Severity severity, const SourceText& source, Span span, std::string message,
                      std::string hint, std::string_view subject) {
    Diagnostic diagnostic;
    diagnostic.severity = severity;
    diagnostic.message = std::move(message);
    diagnostic.hint = std::move(hint);
    diagnostic.subject = subject;
    if (source.file) {
        const uint32_t begin = source.file_offset(span.begin);
        const uint32_t end =
            span.end > span.begin ? source.file_offset(span.end - 1) + 1 : begin + 1;
        const Position position = source.file->position(begin);
        diagnostic.file = source.file->name();
        diagnostic.line = position.line;
        diagnostic.column = position.column;
        diagnostic.length = source.file->width(begin, end);
        diagnostic.source_line = source.file->line(position.line);
    }
    add(std::move(diagnostic));
}

void Diagnostics::append(const Diagnostics& other) {
    for (const Diagnostic& item : other.items_) {
        add(item);
    }
    dropped_ += other.dropped_;
}

std::string render(const Diagnostic& diagnostic) {
    std::string out;
    if (!diagnostic.file.empty()) {
        out += visible(diagnostic.file);
        if (diagnostic.line > 0) {
            out += fmt::format(":{}:{}", diagnostic.line, diagnostic.column);
        }
        out += ": ";
    }
    out += fmt::format("{}: {}", to_string(diagnostic.severity), visible(diagnostic.message));
    if (!diagnostic.subject.empty()) {
        out += fmt::format(" [{}]", visible(diagnostic.subject));
    }
    out += '\n';
    if (diagnostic.line > 0 && !diagnostic.source_line.empty()) {
        const ShownLine shown = show_line(diagnostic);
        const std::string number = std::to_string(diagnostic.line);
        out += fmt::format(" {} | {}\n {:{}} | {:{}}{:~<{}}\n", number, shown.text, "",
                           number.size(), "", shown.column, "^", shown.length);
    }
    if (!diagnostic.hint.empty()) {
        out += fmt::format("  hint: {}\n", visible(diagnostic.hint));
    }
    return out;
}

std::string render(const Diagnostics& diagnostics) {
    std::string out;
    for (const Diagnostic& item : diagnostics.items()) {
        out += render(item);
    }
    if (diagnostics.dropped() > 0) {
        out += fmt::format("... and {} more\n", diagnostics.dropped());
    }
    return out;
}

}  // namespace vedette::secl
