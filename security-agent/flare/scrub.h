// SPDX-License-Identifier: Apache-2.0
//
// Takes secrets out of text that leaves the host: keys, tokens, passwords, private keys. Works on any text, line
// by line, without knowing its format; prefers to hide too much.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::flare {

/// Thread-safe.
class Scrubber {
   public:
    /// `additional_keys`: names, or parts of names, that are secret besides the known ones; case does not matter.
    explicit Scrubber(const std::vector<std::string>& additional_keys);
    ~Scrubber();
    Scrubber(const Scrubber&) = delete;
    Scrubber& operator=(const Scrubber&) = delete;

    /// Linear in the size of the text.
    std::string scrub(std::string_view text) const;

   private:
    struct Patterns;
    std::unique_ptr<const Patterns> patterns_;
};

/// With the known names only.
std::string scrub(std::string_view text);

/// Whether a setting, variable or YAML key of this name holds a secret: "db_password", "API-KEY", "auth.token".
bool is_secret_name(std::string_view name);

}  // namespace vedette::flare
