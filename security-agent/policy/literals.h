// SPDX-License-Identifier: Apache-2.0
//
// YAML values as values of variables: what a plain word is (true, 5, 10.0.0.0/8), quoted it is text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "security-agent/policy/action_definition.h"
#include "security-agent/policy/yaml_fields.h"

namespace vedette::policy {

/// A string, integer, boolean, address or network, or a list of one kind of them (no booleans). Nothing when the key is
/// absent, or after an error.
std::optional<Literal> read_literal(const YamlFields::File& file, YamlFields& fields,
                                    std::string_view key);

/// A whole number as YAML writes it: 12, -3, 0x1f, 0o17, 017, 0b101.
std::optional<int64_t> parse_yaml_integer(std::string_view text);

/// "10.0.0.1" as 4 or 16 bytes, "10.0.0.0/8" as those and one byte of prefix length.
std::optional<std::string> parse_address_bytes(std::string_view text);

}  // namespace vedette::policy
