// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "security-agent/secl/ip.h"

namespace vedette::secl {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_word(char c) {
    return is_letter(c) || is_digit(c);
}
bool is_address_char(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

struct Symbol {
    std::string_view text;
    TokenKind kind;
    std::string_view quoted;
};

// Longest first.
constexpr Symbol kSymbols[] = {
    {"==", TokenKind::kEqual, "'=='"},     {"!=", TokenKind::kNotEqual, "'!='"},
    {"<=", TokenKind::kLessEqual, "'<='"}, {">=", TokenKind::kGreaterEqual, "'>='"},
    {"=~", TokenKind::kMatch, "'=~'"},     {"!~", TokenKind::kNotMatch, "'!~'"},
    {"&&", TokenKind::kAnd, "'&&'"},       {"||", TokenKind::kOr, "'||'"},
    {"<", TokenKind::kLess, "'<'"},        {">", TokenKind::kGreater, "'>'"},
    {"!", TokenKind::kNot, "'!'"},         {"&", TokenKind::kAmpersand, "'&'"},
    {"|", TokenKind::kPipe, "'|'"},        {"^", TokenKind::kCaret, "'^'"},
    {"+", TokenKind::kPlus, "'+'"},        {"-", TokenKind::kMinus, "'-'"},
    {"(", TokenKind::kLeftParen, "'('"},   {")", TokenKind::kRightParen, "')'"},
    {"[", TokenKind::kLeftBracket, "'['"}, {"]", TokenKind::kRightBracket, "']'"},
    {",", TokenKind::kComma, "','"},
};

constexpr Symbol kKeywords[] = {
    {"and", TokenKind::kAnd, "'and'"},       {"or", TokenKind::kOr, "'or'"},
    {"not", TokenKind::kNot, "'not'"},       {"in", TokenKind::kIn, "'in'"},
    {"allin", TokenKind::kAllIn, "'allin'"},
};

class Lexer {
   public:
    Lexer(const SourceText& source, Diagnostics& diagnostics, std::string_view subject)
        : source_(source), text_(source.text), diagnostics_(diagnostics), subject_(subject) {}

    std::vector<Token> run() {
        std::vector<Token> tokens;
        do {
            skip_blank();
            begin_ = at_;
            const TokenKind kind = next();
            tokens.push_back({kind, {begin_, at_}});
        } while (tokens.back().kind != TokenKind::kEnd);
        return tokens;
    }

   private:
    char peek(size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }

    void skip_blank() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
                ++at_;
            } else if (c == '#' || (c == '/' && peek(1) == '/')) {
                const size_t end = text_.find('\n', at_);
                at_ = static_cast<uint32_t>(std::min(end, text_.size()));
            } else {
                return;
            }
        }
    }

    TokenKind next() {
        if (at_ >= text_.size()) {
            return TokenKind::kEnd;
        }
        const char c = peek();
        if (const auto address = scan_address()) {
            return *address;
        }
        if (is_digit(c) || ((c == '+' || c == '-') && is_digit(peek(1)))) {
            return scan_number();
        }
        if (c == '"') {
            return scan_string(0, TokenKind::kString);
        }
        if (c == '~' && peek(1) == '"') {
            return scan_string(1, TokenKind::kPattern);
        }
        if (c == 'r' && peek(1) == '"') {
            return scan_string(1, TokenKind::kRegexp);
        }
        if (c == '$' && peek(1) == '{') {
            return scan_braced(TokenKind::kVariable);
        }
        if (c == '%' && peek(1) == '{') {
            return scan_braced(TokenKind::kFieldReference);
        }
        if (is_letter(c)) {
            return scan_name();
        }
        for (const Symbol& symbol : kSymbols) {
            if (text_.substr(at_, symbol.text.size()) == symbol.text) {
                at_ += static_cast<uint32_t>(symbol.text.size());
                return symbol.kind;
            }
        }
        return unknown_character();
    }

    // An address is told from a number by its dots and from a name by its colons.
    std::optional<TokenKind> scan_address() {
        if (!is_address_char(peek())) {
            return std::nullopt;
        }
        size_t length = 0;
        size_t dots = 0;
        size_t colons = 0;
        for (; is_address_char(peek(length)); ++length) {
            dots += peek(length) == '.' ? 1 : 0;
            colons += peek(length) == ':' ? 1 : 0;
        }
        if (!(colons >= 2 || (dots == 3 && is_digit(peek())))) {
            return std::nullopt;
        }
        if (!parse_ip(text_.substr(at_, length))) {
            if (colons < 2 && is_letter(peek())) {
                return std::nullopt;
            }
            at_ += static_cast<uint32_t>(length);
            return error("not an IP address", "IPv4 is a.b.c.d, IPv6 is like 2001:db8::1");
        }
        at_ += static_cast<uint32_t>(length);
        if (peek() != '/' || !is_digit(peek(1))) {
            return TokenKind::kAddress;
        }
        ++at_;
        while (is_digit(peek())) {
            ++at_;
        }
        if (!parse_network(text_.substr(begin_, at_ - begin_))) {
            return error("the prefix length of the network is out of range",
                         "at most /32 for IPv4, /128 for IPv6");
        }
        return TokenKind::kNetwork;
    }

    TokenKind scan_number() {
        ++at_;
        while (is_digit(peek())) {
            ++at_;
        }
        const uint32_t digits_end = at_;
        while (is_word(peek())) {
            ++at_;
        }
        const std::string_view unit = text_.substr(digits_end, at_ - digits_end);
        if (unit.empty()) {
            return TokenKind::kInteger;
        }
        if (unit == "ms" || unit == "s" || unit == "m" || unit == "h") {
            return TokenKind::kDuration;
        }
        return error(
            fmt::format("'{}' is not a number or a duration", text_.substr(begin_, at_ - begin_)),
            "durations end in ms, s, m or h; numbers are decimal, or octal with a leading 0");
    }

    // The text is taken raw; a backslash keeps the next character, a quote among them, inside.
    TokenKind scan_string(uint32_t prefix, TokenKind kind) {
        at_ += prefix + 1;
        while (at_ < text_.size() && text_[at_] != '"') {
            at_ += text_[at_] == '\\' ? 2 : 1;
        }
        if (at_ >= text_.size()) {
            at_ = static_cast<uint32_t>(text_.size());
            return error("the string does not end", "add the closing '\"'",
                         Span{begin_, begin_ + prefix + 1});
        }
        ++at_;
        return kind;
    }

    TokenKind scan_braced(TokenKind kind) {
        at_ += 2;
        const uint32_t name = at_;
        while (is_word(peek()) || peek() == '.' || peek() == '[' || peek() == ']') {
            ++at_;
        }
        if (at_ == name || peek() != '}') {
            return error(
                fmt::format("expected a name and '}}' after '{}'", text_.substr(begin_, 2)),
                kind == TokenKind::kVariable ? "variables are ${name} or ${scope.name}"
                                             : "field references are %{field.path}");
        }
        ++at_;
        return kind;
    }

    TokenKind scan_name() {
        while (true) {
            if (is_word(peek()) || peek() == '.') {
                ++at_;
            } else if (const uint32_t length = bracket_length(); length > 0) {
                at_ += length;
            } else {
                break;
            }
        }
        const std::string_view name = text_.substr(begin_, at_ - begin_);
        const auto keyword = std::find_if(std::begin(kKeywords), std::end(kKeywords),
                                          [&](const Symbol& k) { return k.text == name; });
        return keyword == std::end(kKeywords) ? TokenKind::kName : keyword->kind;
    }

    // "[word]" right after a name that is no keyword: `in[1, 2]` is an operator and a list.
    uint32_t bracket_length() const {
        if (peek() != '[' || is_keyword(text_.substr(begin_, at_ - begin_))) {
            return 0;
        }
        uint32_t length = 1;
        while (is_word(peek(length))) {
            ++length;
        }
        return length > 1 && peek(length) == ']' ? length + 1 : 0;
    }

    static bool is_keyword(std::string_view name) {
        return std::any_of(std::begin(kKeywords), std::end(kKeywords),
                           [&](const Symbol& k) { return k.text == name; });
    }

    TokenKind unknown_character() {
        const char c = peek();
        ++at_;
        while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xc0) == 0x80) {
            ++at_;  // the rest of a UTF-8 sequence
        }
        if (c == '=') {
            return error("'=' is no operator", "compare with '=='");
        }
        if (c == '\'') {
            return error("strings are written with double quotes", "use \"...\"");
        }
        if (c == '~') {
            return error("expected a string after '~'", "patterns are written ~\"...\"");
        }
        return error("this character has no meaning here", "");
    }

    TokenKind error(std::string message, std::string hint, std::optional<Span> span = {}) {
        diagnostics_.add(Severity::kError, source_, span.value_or(Span{begin_, at_}),
                         "syntax error: " + std::move(message), std::move(hint), subject_);
        return TokenKind::kEnd;
    }

    const SourceText& source_;
    std::string_view text_;
    Diagnostics& diagnostics_;
    std::string_view subject_;
    uint32_t at_ = 0;
    uint32_t begin_ = 0;
};

}  // namespace

std::string_view describe(TokenKind kind) {
    switch (kind) {
        case TokenKind::kEnd:
            return "the end";
        case TokenKind::kName:
            return "a name";
        case TokenKind::kInteger:
            return "a number";
        case TokenKind::kDuration:
            return "a duration";
        case TokenKind::kAddress:
            return "an IP address";
        case TokenKind::kNetwork:
            return "a network";
        case TokenKind::kString:
            return "a string";
        case TokenKind::kPattern:
            return "a pattern";
        case TokenKind::kRegexp:
            return "a regular expression";
        case TokenKind::kVariable:
            return "a variable";
        case TokenKind::kFieldReference:
            return "a field reference";
        default:
            break;
    }
    const auto names = [kind](const Symbol& symbol) { return symbol.kind == kind; };
    if (const auto* symbol = std::find_if(std::begin(kSymbols), std::end(kSymbols), names);
        symbol != std::end(kSymbols)) {
        return symbol->quoted;
    }
    const auto* keyword = std::find_if(std::begin(kKeywords), std::end(kKeywords), names);
    return keyword != std::end(kKeywords) ? keyword->quoted : "something else";
}

std::vector<Token> tokenize(const SourceText& source, Diagnostics& diagnostics,
                            std::string_view subject) {
    return Lexer(source, diagnostics, subject).run();
}

}  // namespace vedette::secl
