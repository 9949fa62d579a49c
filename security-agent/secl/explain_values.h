// SPDX-License-Identifier: Apache-2.0
//
// Values and pieces of rules as a person reads them: constants by name, long text cut, control characters visible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "security-agent/secl/bound.h"

namespace vedette::secl {

/// "O_WRONLY|O_CREAT", "EACCES", "0x10|O_CREAT"; the number when the family ("" for none) has no name for it.
std::string constant_text(std::string_view family, int64_t value);

/// In double quotes, at most `max` bytes of it and then how long it is. Bytes that are no printable UTF-8 become \xNN.
std::string quoted(std::string_view text, size_t max);

/// The text a place points to on one line, at most `max` bytes; empty for a place without a source.
std::string source_text(const Place& place, size_t max);

/// "process.ancestors.file.path.length", "process.argv[0]".
std::string read_name(const FieldRead& read);

/// As a rule writes it: "x", ~"x*", r"x".
std::string literal_text(const StringLiteral& literal, size_t max);

/// "10.0.0.1", "2001:db8::1"; "none" for bytes that are no address.
std::string address_text(std::string_view bytes);
/// "10.0.0.0/8", or "first-last" when it is no network.
std::string range_text(const IpRange& range);

}  // namespace vedette::secl
