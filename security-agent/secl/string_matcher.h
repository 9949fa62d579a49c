// SPDX-License-Identifier: Apache-2.0
//
// All strings, patterns, globs and regular expressions that rules compare with one field, matched together: a hash
// for exact strings; for the rest a piece of literal text that a match cannot do without, found by a trie (at the
// start or end) or an automaton (in between), and only then the pattern itself.
#pragma once

#include <re2/re2.h>
#include <re2/set.h>

#include <boost/unordered/unordered_flat_map.hpp>

#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/pattern.h"
#include "security-agent/secl/trie.h"

namespace vedette::secl {

class StringMatcher {
   public:
    struct Entry {
        StringLiteral literal;
        std::vector<uint32_t>
            targets;  ///< what the caller calls the predicates that this literal fulfils
    };

    /// The literals are valid and distinct.
    StringMatcher(std::vector<Entry> entries, bool ignore_case);
    ~StringMatcher();

    /// Calls hit(target) for each target of each literal that matches, perhaps more than once. `value` is in lower
    /// case when the field ignores case. Allocates only inside RE2.
    template <typename Hit>
    void match(std::string_view value, Hit&& hit) const {
        const auto fulfil = [&](uint32_t literal) {
            for (const uint32_t target : targets(literal)) {
                hit(target);
            }
        };
        if (exact_shapes_[shape_of(value)]) {
            if (const auto it = exact_.find(value); it != exact_.end()) {
                fulfil(it->second);
            }
        }
        const auto verify = [&](uint32_t pattern) {
            if (verified(pattern, value)) {
                fulfil(patterns_[pattern].literal);
            }
        };
        prefixes_.prefixes_of(value, verify);
        suffixes_.prefixes_of_reversed(value, verify);
        substrings_.find(value, verify);
        for (const uint32_t pattern : unanchored_) {
            verify(pattern);
        }
        if (!regexps_.empty() && any_regexp_matches(value)) {
            for (const Regexp& regexp : regexps_) {
                if (RE2::PartialMatch(re2::StringPiece(value.data(), value.size()),
                                      *regexp.program)) {
                    fulfil(regexp.literal);
                }
            }
        }
    }

   private:
    static constexpr size_t kShapes = 1024;

    // How much a found anchor leaves open.
    enum class Proof : uint8_t { kAnchor, kAnchorAndMore, kPattern };
    struct CompiledPattern {
        uint32_t literal = 0;
        Proof proof = Proof::kPattern;
        size_t anchor_size = 0;
        std::variant<Pattern, PathGlob> matcher;
    };
    struct Regexp {
        uint32_t literal = 0;
        std::unique_ptr<RE2> program;
    };
    struct Anchors;

    /// Length and last byte: most values differ from every constant in that, and need not be hashed.
    static size_t shape_of(std::string_view value) {
        const auto last = static_cast<unsigned char>(value.empty() ? 0 : value.back());
        return (value.size() * 37 + last) % kShapes;
    }

    void add_pattern(uint32_t number, const StringLiteral& literal, Anchors& anchors);
    bool any_regexp_matches(std::string_view value) const;

    bool verified(uint32_t pattern, std::string_view value) const {
        const CompiledPattern& p = patterns_[pattern];
        switch (p.proof) {
            case Proof::kAnchor:
                return true;
            case Proof::kAnchorAndMore:
                return value.size() > p.anchor_size;
            case Proof::kPattern:
                break;
        }
        return std::visit([value](const auto& matcher) { return matcher.matches(value); },
                          p.matcher);
    }

    std::span<const uint32_t> targets(uint32_t literal) const {
        return {targets_.data() + target_begin_[literal],
                target_begin_[literal + 1] - target_begin_[literal]};
    }

    std::vector<uint32_t> targets_;
    std::vector<uint32_t> target_begin_;  // per literal, and one more
    std::vector<std::string> exact_text_;
    std::bitset<kShapes> exact_shapes_;
    boost::unordered_flat_map<std::string_view, uint32_t> exact_;  // keys in exact_text_
    std::vector<CompiledPattern> patterns_;
    Trie prefixes_;
    Trie suffixes_;  // reversed
    SubstringFinder substrings_;
    std::vector<uint32_t> unanchored_;
    std::vector<Regexp> regexps_;
    std::unique_ptr<RE2::Set> regexp_set_;  // null for few, or when they are too large together
};

}  // namespace vedette::secl
