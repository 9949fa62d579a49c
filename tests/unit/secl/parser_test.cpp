// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/parser.h"

#include <fmt/format.h>

#include "security-agent/secl/printer.h"
#include "tests/unit/catch.h"

namespace vedette::secl {
namespace {

// Every operator in parentheses, chains as they group.
std::string grouped(const ast::Node& node) {
    if (const auto* chain = std::get_if<ast::Chain>(&node.value)) {
        const bool from_left = chain->operators.front() == ast::BinaryOp::kAdd ||
                               chain->operators.front() == ast::BinaryOp::kSub;
        const auto& operands = chain->operands;
        std::string out = grouped(from_left ? *operands.front() : *operands.back());
        for (size_t i = 1; i < operands.size(); ++i) {
            const size_t right = operands.size() - 1 - i;
            out = from_left
                      ? fmt::format("({} {} {})", out, ast::to_string(chain->operators[i - 1]),
                                    grouped(*operands[i]))
                      : fmt::format("({} {} {})", grouped(*operands[right]),
                                    ast::to_string(chain->operators[right]), out);
        }
        return out;
    }
    if (const auto* comparison = std::get_if<ast::Comparison>(&node.value)) {
        return fmt::format("({} {} {})", grouped(*comparison->left), ast::to_string(comparison->op),
                           grouped(*comparison->right));
    }
    if (const auto* unary = std::get_if<ast::Unary>(&node.value)) {
        return fmt::format("({}{})", ast::to_string(unary->op), grouped(*unary->operand));
    }
    return print(node);
}

struct Parsed {
    std::string grouping;  // empty after an error
    std::string diagnostics;
    size_t warnings = 0;
};

Parsed parse(const std::string& text, bool macro = false) {
    const SourceText source = source_from_string("t", text);
    Diagnostics diagnostics;
    const ast::NodePtr root =
        macro ? parse_macro(source, diagnostics) : parse_expression(source, diagnostics);
    CHECK((root == nullptr) == !diagnostics.ok());
    return {root ? grouped(*root) : "", render(diagnostics), diagnostics.warnings()};
}

}  // namespace

TEST_CASE("operators group as the reference's grammar says") {
    const auto expect = [](const char* text, const char* grouping) {
        INFO(text);
        CHECK(parse(text).grouping == grouping);
    };
    expect("a && b || c", "(a && (b || c))");
    expect("a || b && c", "(a || (b && c))");
    expect("a and b or c and d", "(a && (b || (c && d)))");
    expect("(a && b) || c", "((a && b) || c)");
    expect("not true && false", "((!true) && false)");
    expect("!a == b", "((!a) == b)");
    expect("a == b == c", "(a == (b == c))");
    expect("1 == 1 & 1", "(1 == (1 & 1))");
    expect("3 ^ 3 == 0", "((3 ^ 3) == 0)");
    expect("a & b | c ^ d", "(a & (b | (c ^ d)))");
    expect("a - b - c", "((a - b) - c)");
    expect("a + b & c > 0", "((a + (b & c)) > 0)");
    expect("--3", "(--3)");
    expect("- -3", "(--3)");
    expect("^^x", "(^(^x))");
    expect("a not in [1, 2]", "(a not in [1, 2])");
    expect("a in[1,2]", "(a in [1, 2])");
    expect("a allin 10.0.0.0/8", "(a allin 10.0.0.0/8)");
    expect("a in [::1, fe80::/10]", "(a in [::1, fe80::/10])");
    expect("p.ancestors[A].x == r\"a\" ", "(p.ancestors[A].x == r\"a\")");
    expect("x.argv[0] == ~\"a*\"", "(x.argv[0] == ~\"a*\")");
    expect("${a.b} == %{c.d}", "(${a.b} == %{c.d})");
    expect("a < 5s && b > 250ms", "((a < 5s) && (b > 250ms))");
    expect("x == 0707", "(x == 0707)");
    expect("x == -010", "(x == -010)");
    expect("x == \"a\\\"b\\\\\"", "(x == \"a\\\"b\\\\\")");
    expect("a # comment && b\n&& c // more", "(a && c)");
}

TEST_CASE("a list is an expression only in a macro") {
    CHECK(parse("[\"a\", ~\"b*\"]", true).grouping == "[\"a\", ~\"b*\"]");
    CHECK(parse("a == 1", true).grouping == "(a == 1)");
    CHECK(parse("[\"a\"]").grouping.empty());
}

TEST_CASE("mixed operators are shown as they group") {
    CHECK(parse("a && b && c").warnings == 0);
    CHECK(parse("(a && b) || c").warnings == 0);
    const Parsed mixed = parse("a && b || c && d");
    CHECK(mixed.warnings == 1);
    CHECK_THAT(mixed.diagnostics, ContainsSubstring("this reads as a && (b || (c && d))"));
}

TEST_CASE("syntax errors name what was expected") {
    const auto expect = [](const std::string& text, const char* message) {
        INFO(text);
        CHECK_THAT(parse(text).diagnostics, ContainsSubstring(message));
    };
    expect("", "expected a field, a value or '(', found the end");
    expect("a ==", "found the end");
    expect("(a == 1", "expected ')'");
    expect("(a == 1", "the '(' at 1:1 is still open");
    expect("a == 1)", "there is no '(' for it");
    expect("a = 1", "compare with '=='");
    expect("a == 'x'", "strings are written with double quotes");
    expect("a == \"x", "the string does not end");
    expect("a -1 > 0", "put a space after the sign");
    expect("a in []", "expected the first element of the list");
    expect("a in [1, \"b\"]", "a list holds one kind of value: this one began with numbers");
    expect("a in [1 2]", "expected ',' or ']'");
    expect("a in 1", "expected a list, found a number");
    expect("a not b", "expected 'in'");
    expect("a == 5KB", "'5KB' is not a number or a duration");
    expect("a == 5d", "durations end in ms, s, m or h");
    expect("a == 09", "is octal");
    expect("a == 99999999999999999999", "does not fit in 64 bits");
    expect("a == 999999999999h", "longer than 292 years");
    expect("a == ${}", "expected a name and '}'");
    expect("a == 1.2.3.4.5", "syntax error");
    expect("a == 1:2:3", "not an IP address");
    expect("a ; b", "this character has no meaning here");
    expect("a == \xff", "this character has no meaning here");
}

TEST_CASE("what is too deep or too large is refused") {
    CHECK_THAT(parse(std::string(100'000, '(')).diagnostics, ContainsSubstring("nests more than"));
    CHECK_THAT(parse(std::string(100'000, '!')).diagnostics, ContainsSubstring("nests more than"));
    std::string compared;
    std::string mixed = "a";
    for (int i = 0; i < 100'000; ++i) {
        compared += "a==";
        mixed += i % 2 == 0 ? "&&a" : "||a";
    }
    CHECK_THAT(parse(compared + "a").diagnostics, ContainsSubstring("nests more than"));
    CHECK_THAT(parse(mixed).diagnostics, ContainsSubstring("nests more than"));
    CHECK_THAT(parse(std::string(kMaxExpressionBytes + 1, 'a')).diagnostics,
               ContainsSubstring("the limit is"));
}

TEST_CASE("what is merely long is read") {
    std::string chain = "a";
    std::string list = "a in [0";
    for (int i = 1; i < 100'000; ++i) {
        chain += "&&a";
        list += "," + std::to_string(i);
    }
    CHECK(parse(chain).diagnostics.empty());
    CHECK(parse(list + "]").diagnostics.empty());
}

}  // namespace vedette::secl
