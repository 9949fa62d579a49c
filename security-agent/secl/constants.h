// SPDX-License-Identifier: Apache-2.0
//
// The names that stand for numbers: errno, flags, capabilities ... (reference section 1.11). Values are this
// architecture's, from the system headers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace vedette::secl {

struct Constant {
    std::string_view name;
    int64_t value = 0;
    std::string_view family;  ///< as in FieldDef::constants
    bool is_bool = false;
};

/// Null when there is no such constant.
const Constant* find_constant(std::string_view name);

/// Sorted by name.
std::span<const Constant> constants();

}  // namespace vedette::secl
