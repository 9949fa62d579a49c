// SPDX-License-Identifier: Apache-2.0
//
// Versions and constraints on them: ">= 7.46, < 7.71".
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace vedette::policy {

struct Version {
    std::array<uint32_t, 3> numbers{};  ///< major, minor, patch
    auto operator<=>(const Version&) const = default;
};

/// "7", "7.46", "v7.46.2"; a suffix after '-' or '+' is ignored.
Result<Version> parse_version(std::string_view text);

/// Constraints joined by commas or spaces must all hold, "||" separates alternatives. Operators: = != < <= > >=
/// ~ (same minor) ^ (same major); none means =. A short version stands for all it begins: "= 7.46" holds for 7.46.1.
Result<bool> satisfies(const Version& version, std::string_view constraint);

}  // namespace vedette::policy
