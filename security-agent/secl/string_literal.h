// SPDX-License-Identifier: Apache-2.0
//
// What a string, pattern or regular expression means on the field it is compared with, and whether it may
// stand there (reference sections 1.4 and 1.5).
#pragma once

#include <re2/re2.h>

#include <string>
#include <string_view>

#include "common/result.h"
#include "security-agent/secl/ast.h"
#include "security-agent/secl/bound.h"

namespace vedette::secl {

/// Errors: the literal cannot be compared with this field; the message ends with the fix where one is known.
Result<StringLiteral> resolve_literal(const FieldDef& field, ast::StringKind kind,
                                      std::string_view text);

/// Of a literal that is compared with no field but with another literal.
Result<bool> literal_matches(ast::StringKind kind, std::string_view pattern, std::string_view text);

/// Bytes are matched as they are: a byte that is no UTF-8 still is a '.', so that an odd name hides nothing.
RE2::Options regexp_options(bool ignore_case);

/// The path rules of section 1.5.
Result<> check_path(std::string_view path);

}  // namespace vedette::secl
