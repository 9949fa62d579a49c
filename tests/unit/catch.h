// SPDX-License-Identifier: Apache-2.0
//
// Catch2 under one name: version 2 on Debian 12, version 3 later. Tests include this and nothing of Catch's own.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
#else
#include <catch2/catch.hpp>
/// Catch2 3's name for it.
inline auto ContainsSubstring(const std::string& text) {
    return Catch::Matchers::Contains(text);
}
using Catch::Matchers::StartsWith;
#endif
