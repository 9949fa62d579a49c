// SPDX-License-Identifier: Apache-2.0
//
// Names of fields in old policies (reference section 1.9).
#pragma once

#include <string>
#include <string_view>

namespace vedette::secl {

/// Today's name of an old field; empty when the name is not an old one.
std::string legacy_field_name(std::string_view name);

}  // namespace vedette::secl
