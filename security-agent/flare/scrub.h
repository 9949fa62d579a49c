// SPDX-License-Identifier: Apache-2.0
//
// Takes secrets out of text that leaves the host: keys, tokens, passwords, private keys. Works on any text, line
// by line, without knowing its format; prefers to hide too much.
#pragma once

#include <string>
#include <string_view>

namespace vedette::flare {

/// Linear in the size of the text.
std::string scrub(std::string_view text);

/// Whether a setting, variable or YAML key of this name holds a secret: "db_password", "API-KEY", "auth.token".
bool is_secret_name(std::string_view name);

}  // namespace vedette::flare
