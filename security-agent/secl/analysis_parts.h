// SPDX-License-Identifier: Apache-2.0
//
// The parts of analysis.h, and what they share.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/bound.h"

namespace vedette::secl {

/// What a condition comes to, whatever the event.
enum class Fold : uint8_t { kDepends, kAlways, kNever };

constexpr Fold negated(Fold fold) {
    return fold == Fold::kAlways ? Fold::kNever : fold == Fold::kNever ? Fold::kAlways : fold;
}

struct Warning {
    Place place;
    std::string message;
    std::string hint;
    /// A test that always holds: exec.uid >= 0 is how a rule says what event it is for when nothing else in it does.
    const FieldDef* always = nullptr;
};
using Warnings = std::vector<Warning>;

/// One of several conditions that are asked to hold together.
struct Demand {
    const Condition* condition = nullptr;  ///< no kNot
    bool positive = true;
    const Condition* shown =
        nullptr;  ///< what stands in the text: `a != b` is the negation of a test
    bool shown_positive = true;
};

/// What must hold for `condition` (with !positive: for its negation) to hold, through nested "and"s and negations.
std::vector<Demand> demands(const Condition& condition, bool positive);

/// Demands that cannot all hold: two; or one that the others leave nothing of; none when they can, or when it is not
/// known. `budget`: comparisons that may still be made for this rule.
std::vector<Demand> conflict(std::span<const Demand> demands, size_t& budget);

/// What matches `wanted` never passes another test of the same field (with !other_positive: its negation).
bool refused(const StringLiteral& wanted, const StringSet& other, bool other_positive,
             size_t& budget);
/// Two tests of the same field never hold together.
bool strings_conflict(const StringSet& wanted, const StringSet& other, bool other_positive,
                      size_t& budget);
bool addresses_conflict(const IpSet& wanted, const IpSet& other, bool other_positive);

/// `condition` is a kTest; the warnings are about its place.
Fold check_numbers(const Condition& condition, Warnings& warnings);
Fold check_strings(const Condition& condition, Warnings& warnings);

/// Smallest and largest value a number can have.
struct Domain {
    int64_t first = INT64_MIN;
    int64_t last = INT64_MAX;
};
Domain domain_of(const FieldRead& read);

/// Value of an expression whose every read has this value.
int64_t value_at(const IntExpr& number, int64_t read);

/// The exceptions of a whole rule.
void check_exceptions(const Condition& rule, Warnings& warnings);

struct RegexpShape {
    bool never = false;     ///< matches no text
    size_t min_bytes = 0;   ///< of what it matches
    bool anchored = false;  ///< begins with '^' and a literal byte
};
/// A valid RE2 expression; what is not understood counts as matching.
RegexpShape regexp_shape(std::string_view text);

}  // namespace vedette::secl
