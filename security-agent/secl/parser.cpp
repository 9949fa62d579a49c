// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "security-agent/secl/lexer.h"

namespace vedette::secl {
namespace {

using ast::BinaryOp;
using ast::CompareOp;
using ast::NodePtr;

struct BinarySpelling {
    TokenKind token;
    BinaryOp op;
};
constexpr std::array kLogicalOps = {BinarySpelling{TokenKind::kAnd, BinaryOp::kAnd},
                                    BinarySpelling{TokenKind::kOr, BinaryOp::kOr}};
constexpr std::array kSumOps = {BinarySpelling{TokenKind::kPlus, BinaryOp::kAdd},
                                BinarySpelling{TokenKind::kMinus, BinaryOp::kSub}};
constexpr std::array kBitOps = {BinarySpelling{TokenKind::kAmpersand, BinaryOp::kBitAnd},
                                BinarySpelling{TokenKind::kPipe, BinaryOp::kBitOr},
                                BinarySpelling{TokenKind::kCaret, BinaryOp::kBitXor}};

struct CompareSpelling {
    TokenKind token;
    CompareOp op;
};
constexpr std::array kScalarOps = {
    CompareSpelling{TokenKind::kEqual, CompareOp::kEqual},
    CompareSpelling{TokenKind::kNotEqual, CompareOp::kNotEqual},
    CompareSpelling{TokenKind::kLess, CompareOp::kLess},
    CompareSpelling{TokenKind::kLessEqual, CompareOp::kLessEqual},
    CompareSpelling{TokenKind::kGreater, CompareOp::kGreater},
    CompareSpelling{TokenKind::kGreaterEqual, CompareOp::kGreaterEqual},
    CompareSpelling{TokenKind::kMatch, CompareOp::kMatch},
    CompareSpelling{TokenKind::kNotMatch, CompareOp::kNotMatch}};

// The kinds that one list may hold.
enum class ElementKind : uint8_t { kStrings, kAddresses, kIntegers, kNames };

std::string_view describe(ElementKind kind) {
    constexpr std::array<std::string_view, 4> kNames = {"strings", "addresses", "numbers",
                                                        "constants"};
    return kNames[static_cast<size_t>(kind)];
}

class Parser {
   public:
    Parser(const SourceText& source, Diagnostics& diagnostics, std::string_view subject)
        : source_(source), text_(source.text), diagnostics_(diagnostics), subject_(subject) {}

    NodePtr run(bool macro) {
        const size_t errors = diagnostics_.errors();
        if (text_.size() > kMaxExpressionBytes) {
            fail({0, 1}, fmt::format("the expression has {} bytes, the limit is {}", text_.size(),
                                     kMaxExpressionBytes));
            return nullptr;
        }
        tokens_ = tokenize(source_, diagnostics_, subject_);
        if (diagnostics_.errors() != errors) {
            return nullptr;
        }
        NodePtr root = macro && at(TokenKind::kLeftBracket) ? list() : expression();
        if (root && !at(TokenKind::kEnd)) {
            trailing();
            return nullptr;
        }
        return root;
    }

   private:
    // ---- grammar

    NodePtr expression() {
        NodePtr node = chain(kLogicalOps, &Parser::comparison);
        if (node) {
            warn_of_mixed_operators(*node);
        }
        return node;
    }

    NodePtr comparison() {
        NodePtr left = chain(kSumOps, &Parser::bits);
        if (!left) {
            return nullptr;
        }
        const auto* scalar = std::find_if(kScalarOps.begin(), kScalarOps.end(),
                                          [&](const CompareSpelling& s) { return at(s.token); });
        if (scalar != kScalarOps.end()) {
            advance();
            const Nesting nesting(*this);
            return compare(scalar->op, std::move(left), nesting.ok() ? comparison() : nullptr);
        }
        if (at(TokenKind::kIn)) {
            advance();
            return compare(CompareOp::kIn, std::move(left), array());
        }
        if (at(TokenKind::kAllIn)) {
            advance();
            return compare(CompareOp::kAllIn, std::move(left), array());
        }
        if (at(TokenKind::kNot)) {
            advance();
            return expect(TokenKind::kIn) ? compare(CompareOp::kNotIn, std::move(left), array())
                                          : nullptr;
        }
        return left;
    }

    NodePtr bits() { return chain(kBitOps, &Parser::unary); }

    NodePtr unary() {
        const Nesting nesting(*this);
        if (!nesting.ok()) {
            return nullptr;
        }
        const uint32_t begin = peek().span.begin;
        std::optional<ast::UnaryOp> op;
        if (at(TokenKind::kNot)) {
            op = ast::UnaryOp::kNot;
        } else if (at(TokenKind::kMinus)) {
            op = ast::UnaryOp::kMinus;
        } else if (at(TokenKind::kCaret)) {
            op = ast::UnaryOp::kComplement;
        }
        if (!op) {
            return primary();
        }
        advance();
        NodePtr operand = unary();
        if (!operand) {
            return nullptr;
        }
        const Span span{begin, operand->span.end};
        const unsigned height = operand->height + 1;
        return node(span, ast::Unary{*op, std::move(operand)}, height);
    }

    NodePtr primary() {
        const Token token = peek();
        switch (token.kind) {
            case TokenKind::kName:
                advance();
                return node(token.span, ast::Name{text(token)});
            case TokenKind::kInteger:
                advance();
                return integer(token);
            case TokenKind::kDuration:
                advance();
                return duration(token);
            case TokenKind::kAddress:
            case TokenKind::kNetwork:
                advance();
                return address(token);
            case TokenKind::kString:
            case TokenKind::kPattern:
            case TokenKind::kRegexp:
                advance();
                return string(token);
            case TokenKind::kVariable:
                advance();
                return node(token.span, ast::Variable{braced(token)});
            case TokenKind::kFieldReference:
                advance();
                return node(token.span, ast::FieldReference{braced(token)});
            case TokenKind::kLeftParen:
                return parenthesised();
            default:
                unexpected("a field, a value or '('", token.kind == TokenKind::kLeftBracket
                                                          ? "lists stand only after 'in'"
                                                          : "");
                return nullptr;
        }
    }

    NodePtr parenthesised() {
        const Token open = peek();
        advance();
        NodePtr inner = expression();
        if (!inner) {
            return nullptr;
        }
        if (!at(TokenKind::kRightParen)) {
            unexpected("')'", fmt::format("the '(' at {} is still open", place(open)));
            return nullptr;
        }
        inner->span = {open.span.begin, peek().span.end};
        inner->height += 1;
        advance();
        return inner;
    }

    NodePtr array() {
        const Token token = peek();
        switch (token.kind) {
            case TokenKind::kLeftBracket:
                return list();
            case TokenKind::kNetwork:
            case TokenKind::kName:
            case TokenKind::kVariable:
            case TokenKind::kFieldReference:
                return primary();
            case TokenKind::kAddress:
            case TokenKind::kString:
            case TokenKind::kPattern:
            case TokenKind::kRegexp:
            case TokenKind::kInteger:
                unexpected("a list", fmt::format("write [{}], or use '=='", text(token)));
                return nullptr;
            default:
                unexpected("a list, a network, a macro or a field", "");
                return nullptr;
        }
    }

    NodePtr list() {
        const Token open = peek();
        advance();
        ast::List out;
        std::optional<ElementKind> kind;
        while (true) {
            const Token token = peek();
            const std::optional<ElementKind> element = element_kind(token.kind);
            if (!element) {
                unexpected(out.elements.empty() ? "the first element of the list"
                                                : "the next element of the list",
                           "lists hold strings, patterns, numbers, addresses or constants");
                return nullptr;
            }
            if (kind && *kind != *element) {
                fail(token.span,
                     fmt::format("a list holds one kind of value: this one began with {}",
                                 describe(*kind)));
                return nullptr;
            }
            kind = element;
            NodePtr value = primary();
            if (!value) {
                return nullptr;
            }
            out.elements.push_back(std::move(value));
            if (at(TokenKind::kRightBracket)) {
                break;
            }
            if (!at(TokenKind::kComma)) {
                unexpected("',' or ']'", fmt::format("the '[' at {} is still open", place(open)));
                return nullptr;
            }
            advance();
        }
        const Span span{open.span.begin, peek().span.end};
        advance();
        return node(span, std::move(out), 2);
    }

    // ---- one precedence level

    NodePtr chain(std::span<const BinarySpelling> operators, NodePtr (Parser::*next)()) {
        NodePtr first = (this->*next)();
        if (!first) {
            return nullptr;
        }
        ast::Chain out;
        unsigned turns = 0;
        unsigned height = first->height;
        while (true) {
            const auto spelling =
                std::find_if(operators.begin(), operators.end(),
                             [&](const BinarySpelling& s) { return at(s.token); });
            if (spelling == operators.end()) {
                break;
            }
            advance();
            if (out.operands.empty()) {
                out.operands.push_back(std::move(first));
            } else if (out.operators.back() != spelling->op) {
                ++turns;
            }
            out.operators.push_back(spelling->op);
            NodePtr operand = (this->*next)();
            if (!operand) {
                return nullptr;
            }
            height = std::max(height, operand->height + turns);
            out.operands.push_back(std::move(operand));
        }
        if (out.operands.empty()) {
            return first;
        }
        const Span span{out.operands.front()->span.begin, out.operands.back()->span.end};
        return node(span, std::move(out), height + 1);
    }

    NodePtr compare(CompareOp op, NodePtr left, NodePtr right) {
        if (!right) {
            return nullptr;
        }
        const Span span{left->span.begin, right->span.end};
        const unsigned height = std::max(left->height, right->height) + 1;
        return node(span, ast::Comparison{op, std::move(left), std::move(right)}, height);
    }

    // ---- literals

    NodePtr integer(const Token& token) {
        std::string_view digits = view(token);
        const bool negative = digits.starts_with('-');
        if (negative || digits.starts_with('+')) {
            digits.remove_prefix(1);
        }
        const bool octal = digits.size() > 1 && digits.starts_with('0');
        std::string spelled(negative ? 1 : 0, '-');
        spelled += digits;
        int64_t value = 0;
        const auto [end, error] =
            std::from_chars(spelled.data(), spelled.data() + spelled.size(), value, octal ? 8 : 10);
        if (error == std::errc::result_out_of_range) {
            fail(token.span, "the number does not fit in 64 bits");
            return nullptr;
        }
        if (error != std::errc{} || end != spelled.data() + spelled.size()) {
            fail(token.span, "a number with a leading 0 is octal and has no digit 8 or 9");
            return nullptr;
        }
        return node(token.span, ast::Integer{value, octal});
    }

    NodePtr duration(const Token& token) {
        struct Unit {
            std::string_view name;
            int64_t nanoseconds;
        };
        static constexpr std::array kUnits = {Unit{"ms", 1'000'000}, Unit{"s", 1'000'000'000},
                                              Unit{"m", 60'000'000'000},
                                              Unit{"h", 3'600'000'000'000}};
        std::string_view spelled = view(token);
        if (spelled.starts_with('+')) {
            spelled.remove_prefix(1);
        }
        ast::Duration out;
        const auto [end, error] =
            std::from_chars(spelled.data(), spelled.data() + spelled.size(), out.count);
        const std::string_view name = spelled.substr(static_cast<size_t>(end - spelled.data()));
        for (const Unit& unit : kUnits) {
            if (unit.name == name) {
                out.unit = unit.name;
                if (error != std::errc{} ||
                    __builtin_mul_overflow(out.count, unit.nanoseconds, &out.nanoseconds)) {
                    break;
                }
                return node(token.span, out);
            }
        }
        fail(token.span, "the duration is longer than 292 years");
        return nullptr;
    }

    NodePtr address(const Token& token) {
        return node(token.span, ast::Address{text(token), token.kind == TokenKind::kNetwork});
    }

    NodePtr string(const Token& token) {
        const bool plain = token.kind == TokenKind::kString;
        std::string_view raw = view(token);
        raw.remove_prefix(plain ? 1 : 2);
        raw.remove_suffix(1);
        const auto kind = plain                               ? ast::StringKind::kPlain
                          : token.kind == TokenKind::kPattern ? ast::StringKind::kPattern
                                                              : ast::StringKind::kRegexp;
        return node(token.span, ast::String{kind, std::string(raw)});
    }

    // ---- peek, advance, expect

    static std::optional<ElementKind> element_kind(TokenKind kind) {
        switch (kind) {
            case TokenKind::kString:
            case TokenKind::kPattern:
            case TokenKind::kRegexp:
                return ElementKind::kStrings;
            case TokenKind::kAddress:
            case TokenKind::kNetwork:
                return ElementKind::kAddresses;
            case TokenKind::kInteger:
                return ElementKind::kIntegers;
            case TokenKind::kName:
                return ElementKind::kNames;
            default:
                return std::nullopt;
        }
    }

    const Token& peek() const { return tokens_[next_]; }
    bool at(TokenKind kind) const { return peek().kind == kind; }
    void advance() { next_ += next_ + 1 < tokens_.size() ? 1 : 0; }

    bool expect(TokenKind kind) {
        if (at(kind)) {
            advance();
            return true;
        }
        unexpected(secl::describe(kind), "");
        return false;
    }

    std::string_view view(const Token& token) const {
        return text_.substr(token.span.begin, token.span.end - token.span.begin);
    }
    std::string text(const Token& token) const { return std::string(view(token)); }
    std::string braced(const Token& token) const {
        return std::string(view(token).substr(2, view(token).size() - 3));
    }

    std::string place(const Token& token) const {
        const Position p = source_.file
                               ? source_.file->position(source_.file_offset(token.span.begin))
                               : Position{};
        return fmt::format("{}:{}", p.line, p.column);
    }

    NodePtr node(Span span, ast::Value value, unsigned height = 1) {
        if (height > kMaxDepth) {
            fail(span, fmt::format("the expression nests more than {} levels deep", kMaxDepth));
            return nullptr;
        }
        return std::make_unique<ast::Node>(ast::Node{span, std::move(value), height});
    }

    // Counts what is open while it is parsed: node() can only judge what is complete.
    class Nesting {
       public:
        explicit Nesting(Parser& parser) : parser_(parser) {
            ok_ = ++parser_.depth_ <= kMaxDepth;
            if (!ok_) {
                parser_.fail(
                    parser_.peek().span,
                    fmt::format("the expression nests more than {} levels deep", kMaxDepth));
            }
        }
        ~Nesting() { --parser_.depth_; }
        Nesting(const Nesting&) = delete;
        Nesting& operator=(const Nesting&) = delete;
        bool ok() const { return ok_; }

       private:
        Parser& parser_;
        bool ok_ = false;
    };

    // ---- complaints

    void fail(Span span, std::string message, std::string hint = {}) {
        diagnostics_.add(Severity::kError, source_, span, "syntax error: " + std::move(message),
                         std::move(hint), subject_);
    }

    void unexpected(std::string_view expected, std::string hint) {
        fail(peek().span,
             fmt::format("expected {}, found {}", expected, secl::describe(peek().kind)),
             std::move(hint));
    }

    void trailing() {
        std::string hint;
        if (at(TokenKind::kInteger) &&
            (view(peek()).starts_with('-') || view(peek()).starts_with('+'))) {
            hint = fmt::format("'{}' is one number: put a space after the sign", view(peek()));
        } else if (at(TokenKind::kRightParen)) {
            hint = "there is no '(' for it";
        }
        unexpected("an operator or the end", std::move(hint));
    }

    void warn_of_mixed_operators(const ast::Node& node) {
        const auto* chain = std::get_if<ast::Chain>(&node.value);
        if (!chain) {
            return;
        }
        const auto has = [&](BinaryOp op) {
            return std::find(chain->operators.begin(), chain->operators.end(), op) !=
                   chain->operators.end();
        };
        if (has(BinaryOp::kAnd) && has(BinaryOp::kOr)) {
            diagnostics_.add(Severity::kWarning, source_, node.span,
                             "'&&' and '||' have the same precedence and group from the right",
                             "this reads as " + grouping(*chain), subject_);
        }
    }

    // "a && (b || c)" with the operands' own text, shortened.
    std::string grouping(const ast::Chain& chain) const {
        constexpr size_t kMaxOperands = 8;
        const size_t shown = std::min(chain.operands.size(), kMaxOperands);
        std::string out;
        size_t open = 0;
        for (size_t i = 0; i < shown; ++i) {
            if (i > 0 && i < chain.operators.size() &&
                chain.operators[i] != chain.operators[i - 1]) {
                out += '(';
                ++open;
            }
            out += excerpt(chain.operands[i]->span);
            if (i < chain.operators.size()) {
                out += fmt::format(" {} ", ast::to_string(chain.operators[i]));
            }
        }
        return out + (shown < chain.operands.size() ? "..." : "") + std::string(open, ')');
    }

    std::string excerpt(Span span) const {
        constexpr size_t kMaxBytes = 40;
        std::string out;
        for (const char c : text_.substr(span.begin, span.end - span.begin)) {
            const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
            if (!blank || !out.ends_with(' ')) {
                out += blank ? ' ' : c;
            }
        }
        if (out.size() > kMaxBytes) {
            size_t cut = kMaxBytes;
            while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xc0) == 0x80) {
                --cut;
            }
            out = out.substr(0, cut) + "...";
        }
        return out;
    }

    const SourceText& source_;
    std::string_view text_;
    Diagnostics& diagnostics_;
    std::string_view subject_;
    std::vector<Token> tokens_;
    size_t next_ = 0;
    unsigned depth_ = 0;
};

}  // namespace

ast::NodePtr parse_expression(const SourceText& source, Diagnostics& diagnostics,
                              std::string_view subject) {
    return Parser(source, diagnostics, subject).run(false);
}

ast::NodePtr parse_macro(const SourceText& source, Diagnostics& diagnostics,
                         std::string_view subject) {
    return Parser(source, diagnostics, subject).run(true);
}

}  // namespace vedette::secl
