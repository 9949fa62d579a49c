// SPDX-License-Identifier: Apache-2.0
//
// Syntax tree back to text in one canonical form; parsing it again gives the same tree.
#pragma once

#include <string>

#include "security-agent/secl/ast.h"

namespace vedette::secl {

std::string print(const ast::Node& node);

}  // namespace vedette::secl
