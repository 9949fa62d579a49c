// SPDX-License-Identifier: Apache-2.0
//
// Text to tokens, each with its place; what a literal means is decided by the parser.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "security-agent/secl/diagnostics.h"

namespace vedette::secl {

enum class TokenKind : uint8_t {
    kEnd,
    kName,
    kInteger,
    kDuration,
    kAddress,
    kNetwork,
    kString,
    kPattern,
    kRegexp,
    kVariable,
    kFieldReference,
    kLeftParen,
    kRightParen,
    kLeftBracket,
    kRightBracket,
    kComma,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kMatch,
    kNotMatch,
    kAnd,
    kOr,
    kNot,
    kIn,
    kAllIn,
    kPlus,
    kMinus,
    kAmpersand,
    kPipe,
    kCaret,
};

struct Token {
    TokenKind kind = TokenKind::kEnd;
    Span span;
};

/// "a name", "')'": for "expected ..., found ...".
std::string_view describe(TokenKind kind);

/// Ends with kEnd. An error is in `diagnostics` and ends the tokens early.
std::vector<Token> tokenize(const SourceText& source, Diagnostics& diagnostics,
                            std::string_view subject);

}  // namespace vedette::secl
