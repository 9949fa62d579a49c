// SPDX-License-Identifier: Apache-2.0
//
// Secrets on command lines: an alert goes to files and to other people, so what looks like a password is replaced
// before it leaves. Rules still see the real arguments.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::engine {

inline constexpr std::string_view kScrubbed = "********";

/// "--password=x", "PASSWORD=x", "password: x", {"--password", "x"}, "scheme://user:x@host", "Bearer x": x becomes
/// ********. Everything else is untouched.
std::vector<std::string> scrub(std::span<const std::string_view> arguments);

}  // namespace vedette::engine
