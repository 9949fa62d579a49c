// SPDX-License-Identifier: Apache-2.0
//
// The names that stand for numbers: errno, flags, capabilities ... (reference section 1.11). Values are this
// architecture's, from the system headers. A name means one number, whatever it is compared with.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace vedette::secl {

struct Constant {
    std::string_view name;
    int64_t value = 0;
    std::string_view
        family;  ///< as in FieldDef::constants; of several the first in constant_families()
    bool is_bool = false;
};

struct ConstantFamily {
    std::string_view name;  ///< as in FieldDef::constants
    std::string_view doc;
    /// Of several names for a value the one that alerts use stands first.
    std::span<const Constant> constants;
};

/// Null when there is no such constant. Any thread; the same for all below.
const Constant* find_constant(std::string_view name);

/// Sorted by name, each once.
std::span<const Constant> constants();

/// By subject; a name may be in several.
std::span<const ConstantFamily> constant_families();

/// Null when there is no such family.
const ConstantFamily* find_constant_family(std::string_view name);

/// The name of a value in a family; "" when it has none.
std::string_view constant_name(std::string_view family, int64_t value);

}  // namespace vedette::secl
