// SPDX-License-Identifier: Apache-2.0
//
// Text to syntax tree. Hand-written precedence climbing over one table of levels.
//
//   Expr       := Comparison { ("&&" | "and" | "||" | "or") Comparison }   one level, groups from the right:
//                                                                          a && b || c  is  a && (b || c)
//   Comparison := Sum [ ScalarOp Comparison | ArrayOp Array ]
//   ScalarOp   := "==" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~"
//   ArrayOp    := "in" | "not" "in" | "allin"
//   Sum        := Bits { ("+" | "-") Bits }                                groups from the left
//   Bits       := Unary { ("&" | "|" | "^") Unary }                        one level, groups from the right
//   Unary      := ("!" | "not" | "-" | "^") Unary | Primary
//   Primary    := Name | Network | Address | Integer | Duration | String | Pattern | Regexp
//               | Variable | FieldReference | "(" Expr ")"
//   Array      := Network | Variable | FieldReference | Name | List
//   List       := "[" Element { "," Element } "]"                          elements of one kind
//   Element    := String | Pattern | Regexp | Address | Network | Integer | Name
//   Macro      := List | Expr
//
//   Name       := letter or "_", then letters, digits, "_", ".", "[" word "]"
//   Integer    := ["+" | "-"] digits             leading 0: octal.  "a -1" is two operands: write "a - 1"
//   Duration   := digits ("ms" | "s" | "m" | "h")
//   String     := '"' ... '"'    Pattern := '~"' ... '"'    Regexp := 'r"' ... '"'    text is taken raw
//   Variable   := "${" name "}"  FieldReference := "%{" name "}"
//   Comment    := ("#" | "//") to the end of the line
#pragma once

#include <memory>

#include "security-agent/secl/ast.h"
#include "security-agent/secl/diagnostics.h"

namespace vedette::secl {

inline constexpr size_t kMaxExpressionBytes = 1 << 20;
/// Of parentheses, unary operators, comparisons and turns between && and || in one chain.
inline constexpr unsigned kMaxDepth = 200;

/// Null after an error, which is in `diagnostics`. Warns of && and || mixed without parentheses. `subject`: the
/// id that diagnostics name. Linear time; any bytes.
ast::NodePtr parse_expression(const SourceText& source, Diagnostics& diagnostics,
                              std::string_view subject = {});

/// The same for the body of a macro, which may be a list.
ast::NodePtr parse_macro(const SourceText& source, Diagnostics& diagnostics,
                         std::string_view subject = {});

}  // namespace vedette::secl
