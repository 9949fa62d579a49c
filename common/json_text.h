// SPDX-License-Identifier: Apache-2.0
//
// How bytes become JSON strings, said once for the whole house (docs/adr/0005-bytes-in-json.md). Paths, arguments
// and names are bytes that a process chose; a JSON string is Unicode. Valid UTF-8 stays as it is; a byte 0xNN that is
// part of no valid sequence becomes the private-use character U+F7NN. Those characters themselves (U+F780..U+F7FF)
// are treated as invalid on the way in, so that the mapping can be undone: bytes_of(json_text(b)) == b for all b.
#pragma once

#include <string>
#include <string_view>

namespace vedette {

/// Valid UTF-8. Control characters stay: the JSON writer escapes them.
std::string json_text(std::string_view bytes);

/// The bytes that `text` stands for.
std::string bytes_of(std::string_view text);

}  // namespace vedette
