// SPDX-License-Identifier: Apache-2.0
//
// Which fields the kernel can filter on: the table of reference section 4.2; and the probe, of execs.
#pragma once

#include <cstdint>
#include <string_view>

namespace vedette::secl {

enum class FilterUse : uint8_t {
    kNone,
    kPath,     ///< by its last element, or the one before, or how it begins
    kName,     ///< a file name
    kText,     ///< whole strings
    kWords,    ///< whole strings, or a piece of them; only where the probe tests
    kFlags,    ///< bits
    kValues,   ///< single numbers
    kBits,     ///< single numbers, or bits
    kAuid,     ///< single numbers and ranges
    kAddress,  ///< says that the socket is one of the internet families
};

struct FilterField {
    FilterUse use = FilterUse::kNone;
    int weight = 0;  ///< which to take where a rule offers several: the highest
};

/// Of a path whose last element is a wildcard.
inline constexpr int kParentWeight = 20;
/// Of one whose directory is, too: the kernel has to walk the whole path for it.
inline constexpr int kPrefixWeight = 10;

/// `event`: name of the event type whose rule tests it.
FilterField filter_field(std::string_view event, std::string_view field);

/// Of a string of which this many bytes are known: "-e" says little, "/dev/tcp/" nearly all.
int word_weight(size_t bytes);

/// Events of this type are tested by the probe, not by the kernel, whose room for names they do not need.
bool tested_by_probe(std::string_view event);

/// Why events of this type are never dropped in the kernel; "" when they may be.
std::string_view always_collected(std::string_view event);

}  // namespace vedette::secl
