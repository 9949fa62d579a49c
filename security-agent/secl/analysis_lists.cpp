// SPDX-License-Identifier: Apache-2.0
//
// Lists of strings or addresses against one another.
#include <re2/re2.h>

#include <algorithm>

#include "security-agent/secl/analysis_parts.h"
#include "security-agent/secl/pattern.h"
#include "security-agent/secl/string_literal.h"

namespace vedette::secl {
namespace {

constexpr size_t kRegexpCost = 200;  // in comparisons of plain strings

using Kind = StringLiteral::Kind;

std::string_view literal_prefix(const StringLiteral& literal) {
    const std::string_view text = literal.text;
    return literal.kind == Kind::kRegexp ? std::string_view() : text.substr(0, text.find('*'));
}

bool matches_text(const StringLiteral& literal, const std::string& text, bool ignore_case) {
    if (literal.kind == Kind::kExact) {
        return literal.text == text;
    }
    if (literal.kind == Kind::kRegexp) {
        return RE2::PartialMatch(text, RE2(literal.text, regexp_options(ignore_case)));
    }
    if (!text.starts_with(literal_prefix(literal))) {
        return false;
    }
    return literal.kind == Kind::kGlob ? PathGlob(literal.text).matches(text)
                                       : Pattern(literal.text).matches(text);
}

// Whatever matches `inner` matches `outer`; false also when that is not known.
bool covers(const StringLiteral& outer, const StringLiteral& inner, bool ignore_case) {
    if (outer == inner) {
        return true;
    }
    if (inner.kind == Kind::kExact) {
        return matches_text(outer, inner.text, ignore_case);
    }
    if (inner.kind != outer.kind || inner.kind == Kind::kRegexp) {
        return false;
    }
    const std::string_view open = outer.kind == Kind::kGlob ? "/**" : "*";
    const std::string_view stem =
        std::string_view(outer.text)
            .substr(0, outer.text.size() - std::min(open.size(), outer.text.size()));
    const bool open_end = outer.text.ends_with(open) && stem.find('*') == std::string_view::npos;
    const std::string_view prefix = literal_prefix(inner);
    if (outer.kind == Kind::kGlob) {
        return open_end && prefix.size() > stem.size() && prefix.starts_with(stem) &&
               prefix[stem.size()] == '/';
    }
    return open_end && prefix.starts_with(stem);
}

// No text matches both; false also when that is not known.
bool disjoint(const StringLiteral& a, const StringLiteral& b, bool ignore_case) {
    if (a.kind == Kind::kExact) {
        return !matches_text(b, a.text, ignore_case);
    }
    if (b.kind == Kind::kExact) {
        return !matches_text(a, b.text, ignore_case);
    }
    if (a.kind == Kind::kRegexp || b.kind == Kind::kRegexp) {
        return false;
    }
    const std::string_view p = literal_prefix(a);
    const std::string_view q = literal_prefix(b);
    return !p.starts_with(q) && !q.starts_with(p);
}

// Pays for comparing two literals; false when there is no budget left.
bool pay(const StringLiteral& a, const StringLiteral& b, size_t& budget) {
    const size_t cost = a.kind == Kind::kRegexp || b.kind == Kind::kRegexp ? kRegexpCost : 1;
    const bool enough = budget >= cost;
    budget = enough ? budget - cost : 0;
    return enough;
}

}  // namespace

bool refused(const StringLiteral& wanted, const StringSet& other, bool other_positive,
             size_t& budget) {
    const bool ignore_case = other.read.field->matching == Matching::kCaseInsensitive;
    if (other_positive) {
        return std::all_of(other.literals.begin(), other.literals.end(), [&](const auto& o) {
            return pay(wanted, o, budget) && disjoint(wanted, o, ignore_case);
        });
    }
    return std::any_of(other.literals.begin(), other.literals.end(), [&](const auto& o) {
        return pay(wanted, o, budget) && covers(o, wanted, ignore_case);
    });
}

bool strings_conflict(const StringSet& wanted, const StringSet& other, bool other_positive,
                      size_t& budget) {
    if (wanted.read.kind != FieldRead::Kind::kValue || wanted.literals.empty() ||
        (other_positive && wanted.read.multi())) {
        return false;  // of several values one may pass one, another the other
    }
    return std::all_of(wanted.literals.begin(), wanted.literals.end(),
                       [&](const auto& w) { return refused(w, other, other_positive, budget); });
}

bool addresses_conflict(const IpSet& wanted, const IpSet& other, bool other_positive) {
    if (wanted.all || other.all || (other_positive && wanted.read.multi())) {
        return false;
    }
    return std::all_of(wanted.ranges.begin(), wanted.ranges.end(), [&](const IpRange& w) {
        const auto inside = [&](const IpRange& o) {
            return o.first <= w.first && w.last <= o.last;
        };
        const auto apart = [&](const IpRange& o) { return o.last < w.first || w.last < o.first; };
        return other_positive ? std::all_of(other.ranges.begin(), other.ranges.end(), apart)
                              : std::any_of(other.ranges.begin(), other.ranges.end(), inside);
    });
}

}  // namespace vedette::secl
