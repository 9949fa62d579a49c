// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/string_matcher.h"

#include <algorithm>

#include "security-agent/secl/string_literal.h"

namespace vedette::secl {
namespace {

constexpr size_t kMaxAnchor = 64;  // longer ones find nothing more and cost memory
constexpr size_t kGoodAnchor = 3;  // bytes from which the start or end of a pattern tells enough
constexpr size_t kRegexpsForSet = 4;

using StringLiteralKind = StringLiteral::Kind;

// Literal pieces that every match contains.
struct Pieces {
    std::string_view prefix;
    std::string_view suffix;
    std::string_view inner;  // longest between two stars
};

Pieces pieces_of(std::string_view text) {
    Pieces pieces;
    const size_t first = text.find('*');
    const size_t last = text.rfind('*');
    pieces.prefix = text.substr(0, first);
    size_t at = first;
    while (at < text.size()) {
        const size_t stars_end = std::min(text.find_first_not_of('*', at), text.size());
        const size_t next = std::min(text.find('*', stars_end), text.size());
        std::string_view piece = text.substr(stars_end, next - stars_end);
        // "**/x" also matches "x".
        if (stars_end - at > 1 && piece.starts_with('/')) {
            piece.remove_prefix(1);
        }
        if (at <= last && stars_end > last) {
            pieces.suffix = piece;
        } else if (piece.size() > pieces.inner.size()) {
            pieces.inner = piece;
        }
        at = next;
    }
    return pieces;
}

std::string_view capped(std::string_view text) {
    return text.substr(0, kMaxAnchor);
}

}  // namespace

struct StringMatcher::Anchors {
    std::vector<std::pair<std::string, uint32_t>> prefixes;
    std::vector<std::pair<std::string, uint32_t>> suffixes;
    std::vector<std::pair<std::string, uint32_t>> substrings;
};

StringMatcher::StringMatcher(std::vector<Entry> entries, bool ignore_case) {
    Anchors anchors;
    exact_text_.reserve(entries.size());  // exact_ points into it
    for (uint32_t number = 0; number < entries.size(); ++number) {
        Entry& entry = entries[number];
        target_begin_.push_back(static_cast<uint32_t>(targets_.size()));
        targets_.insert(targets_.end(), entry.targets.begin(), entry.targets.end());
        switch (entry.literal.kind) {
            case StringLiteralKind::kExact:
                exact_text_.push_back(std::move(entry.literal.text));
                exact_.emplace(exact_text_.back(), number);
                exact_shapes_.set(shape_of(exact_text_.back()));
                break;
            case StringLiteralKind::kPattern:
            case StringLiteralKind::kGlob:
                add_pattern(number, entry.literal, anchors);
                break;
            case StringLiteralKind::kRegexp:
                regexps_.push_back({number, std::make_unique<RE2>(entry.literal.text,
                                                                  regexp_options(ignore_case))});
                break;
        }
    }
    target_begin_.push_back(static_cast<uint32_t>(targets_.size()));
    prefixes_ = Trie(std::move(anchors.prefixes));
    suffixes_ = Trie(std::move(anchors.suffixes));
    substrings_ = SubstringFinder(std::move(anchors.substrings));

    if (regexps_.size() >= kRegexpsForSet) {
        regexp_set_ = std::make_unique<RE2::Set>(regexp_options(ignore_case), RE2::UNANCHORED);
        for (const Regexp& regexp : regexps_) {
            regexp_set_->Add(regexp.program->pattern(), nullptr);
        }
        if (!regexp_set_->Compile()) {
            regexp_set_.reset();
        }
    }
}

StringMatcher::~StringMatcher() = default;

void StringMatcher::add_pattern(uint32_t number, const StringLiteral& literal, Anchors& anchors) {
    const auto index = static_cast<uint32_t>(patterns_.size());
    const bool glob = literal.kind == StringLiteralKind::kGlob;
    const std::string_view text = literal.text;
    const Pieces pieces = pieces_of(text);

    CompiledPattern compiled{number, Proof::kPattern, 0, Pattern(text)};
    if (glob) {
        compiled.matcher.emplace<PathGlob>(text);
    }
    const std::string_view edge =
        pieces.suffix.size() > pieces.prefix.size() ? pieces.suffix : pieces.prefix;
    if (edge.size() < kGoodAnchor && pieces.inner.size() > edge.size()) {
        anchors.substrings.emplace_back(capped(pieces.inner), index);
    } else if (edge.empty()) {
        unanchored_.push_back(index);
    } else if (pieces.suffix.size() > pieces.prefix.size()) {
        std::string reversed(edge.rbegin(), edge.rend());
        anchors.suffixes.emplace_back(capped(reversed), index);
        const bool only_suffix =
            !glob && text.size() == edge.size() + 1 && edge.size() <= kMaxAnchor;
        compiled.proof = only_suffix ? Proof::kAnchor : Proof::kPattern;
    } else {
        anchors.prefixes.emplace_back(capped(edge), index);
        if (edge.size() <= kMaxAnchor) {
            compiled.anchor_size = edge.size();
            compiled.proof = !glob && text.size() == edge.size() + 1 ? Proof::kAnchor
                             : glob && edge.ends_with('/') && text.size() == edge.size() + 2 &&
                                     text.ends_with("**")
                                 ? Proof::kAnchorAndMore
                                 : Proof::kPattern;
        }
    }
    patterns_.push_back(std::move(compiled));
}

bool StringMatcher::any_regexp_matches(std::string_view value) const {
    if (!regexp_set_) {
        return true;
    }
    RE2::Set::ErrorInfo error{};
    const bool matched =
        regexp_set_->Match(re2::StringPiece(value.data(), value.size()), nullptr, &error);
    // Out of memory for the common automaton: each expression decides alone.
    return matched || error.kind != RE2::Set::kNoError;
}

}  // namespace vedette::secl
