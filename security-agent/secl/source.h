// SPDX-License-Identifier: Apache-2.0
//
// Where the text of an expression comes from, so that an error points into the file a person edits even when
// YAML has folded, indented or escaped the expression on its way here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::secl {

/// Bytes [begin, end) of an expression.
struct Span {
    uint32_t begin = 0;
    uint32_t end = 0;
};

/// A place in a file as people count: from 1, columns in code points.
struct Position {
    uint32_t line = 1;
    uint32_t column = 1;
};

/// A file read whole. Immutable; shared by every expression cut out of it.
class SourceFile {
   public:
    SourceFile(std::string name, std::string text);

    const std::string& name() const { return name_; }
    const std::string& text() const { return text_; }
    Position position(uint32_t offset) const;
    /// Without its line end; empty for a line that does not exist. Lines count from 1.
    std::string_view line(uint32_t number) const;
    /// Code points between two offsets, at most up to the end of the first one's line, at least 1.
    uint32_t width(uint32_t begin, uint32_t end) const;

   private:
    std::string name_;
    std::string text_;
    std::vector<uint32_t> line_starts_;
};

/// One expression and the way back to its file.
struct SourceText {
    std::string text;
    std::shared_ptr<const SourceFile> file;
    /// Offset in `file` of each byte of `text`; empty: `text` is the file.
    std::vector<uint32_t> offsets;

    uint32_t file_offset(uint32_t offset) const;
};

/// Where something was written; a macro's text is another source than its rule's.
struct Place {
    const SourceText* source = nullptr;
    Span span;
};

/// An expression that is its own file: a command line argument, a test.
SourceText source_from_string(std::string name, std::string text);

}  // namespace vedette::secl
