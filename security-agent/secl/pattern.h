// SPDX-License-Identifier: Apache-2.0
//
// What ~"..." means: by path element for path fields, plain for the rest (reference section 1.4). Matching is
// linear in the text for plain patterns; no text makes it exponential.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace vedette::secl {

/// Plain: '*' is any run of bytes, '/' too; anchored at both ends.
class Pattern {
   public:
    Pattern() = default;
    explicit Pattern(std::string_view pattern);

    bool matches(std::string_view text) const;

    /// Literal text before the first star and after the last, and the longest between two.
    std::string_view prefix() const { return segments_.front(); }
    std::string_view suffix() const { return segments_.back(); }

    const std::vector<std::string>& segments() const { return segments_; }

   private:
    std::vector<std::string> segments_{
        std::string()};  // text between stars: n stars, n + 1 segments
};

/// Refuses "**", which only path fields know.
Result<> check_pattern(std::string_view pattern);

/// Path: '*' stays within one element. "**" is a whole element: as the last, one or more elements; before, any
/// number (ours alone: the reference refuses it there). A leading "*" element is "/*".
class PathGlob {
   public:
    explicit PathGlob(std::string_view glob);

    bool matches(std::string_view path) const;

   private:
    struct Element {
        Pattern pattern;
        bool any_depth = false;  // "**"
    };
    bool match_elements(std::string_view path) const;

    std::vector<Element> elements_;
    bool drop_first_byte_ = false;
};

/// Refuses "**" as a part of an element.
Result<> check_glob(std::string_view glob);

}  // namespace vedette::secl
