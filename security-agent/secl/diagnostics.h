// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a rule or a policy file: all of it at once, each with its place and, where one is
// known, the fix. The text renderer here is the only one; diagnostics_json.h has the JSON form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/source.h"

namespace vedette::secl {

enum class Severity : uint8_t { kError, kWarning };

std::string_view to_string(Severity severity);

struct Diagnostic {
    Severity severity = Severity::kError;
    std::string file;         ///< empty: no file is to blame
    uint32_t line = 0;        ///< from 1; 0: the file as a whole
    uint32_t column = 0;      ///< from 1
    uint32_t length = 1;      ///< columns to underline
    std::string source_line;  ///< as it stands in the file
    std::string message;
    std::string hint;     ///< how to put it right; may be empty
    std::string subject;  ///< id of the rule or macro it is about; may be empty
};

/// Collects; never prints. Bounded: after kMax more are only counted. The same complaint about the same place is
/// kept once (a bad macro is checked for each rule that uses it).
class Diagnostics {
   public:
    static constexpr size_t kMax = 500;

    void add(Diagnostic diagnostic);
    void add(Severity severity, const SourceText& source, Span span, std::string message,
             std::string hint = {}, std::string_view subject = {});
    void append(const Diagnostics& other);

    const std::vector<Diagnostic>& items() const { return items_; }
    size_t errors() const { return errors_; }
    size_t warnings() const { return warnings_; }
    size_t dropped() const { return dropped_; }
    bool ok() const { return errors_ == 0; }

   private:
    std::vector<Diagnostic> items_;
    size_t errors_ = 0;
    size_t warnings_ = 0;
    size_t dropped_ = 0;
};

/// "file:line:col: error: message", the source line, its underline, the hint. Control characters of the source
/// are made visible: a policy file cannot write to the terminal.
std::string render(const Diagnostic& diagnostic);
std::string render(const Diagnostics& diagnostics);

}  // namespace vedette::secl
