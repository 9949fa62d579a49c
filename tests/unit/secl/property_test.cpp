// SPDX-License-Identifier: Apache-2.0
//
// What must hold for any input: the index says what the tree walk says, patterns match by their definition, what is
// printed parses to the same.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <memory>

#include "security-agent/secl/bound_eval.h"
#include "security-agent/secl/parser.h"
#include "security-agent/secl/pattern.h"
#include "security-agent/secl/printer.h"
#include "security-agent/secl/string_matcher.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/naive.h"
#include "tests/unit/secl/random_rules.h"
#include "tests/unit/secl/support.h"

namespace vedette::secl::test {
namespace {

// VEDETTE_PROPERTY_ROUNDS multiplies the work of an ordinary run.
int rounds(int ordinary) {
    const char* factor = std::getenv("VEDETTE_PROPERTY_ROUNDS");
    return factor != nullptr ? ordinary * std::max(1, std::atoi(factor)) : ordinary;
}

// VEDETTE_PROPERTY_SEED: other rules than those of an ordinary run.
uint32_t seed() {
    const char* chosen = std::getenv("VEDETTE_PROPERTY_SEED");
    return chosen != nullptr ? static_cast<uint32_t>(std::strtoul(chosen, nullptr, 10)) : 1;
}

std::vector<MacroSource> macros() {
    return {macro("MACRO_LIST", R"(["a", ~"b*", "bash"])"),
            macro("MACRO_EXPR", R"(process.uid == 1 || process.ancestors.file.name == "bash")")};
}

}  // namespace

namespace {

constexpr int kRulesPerSet = 60;
constexpr int kEventsPerSet = 60;

// Random rules of one set, and what is known of them.
struct RuleSetAtTest {
    explicit RuleSetAtTest(RandomRules& random) {
        for (int i = 0; i < kRulesPerSet; ++i) {
            sources.push_back(rule("r" + std::to_string(i), random.rule()));
        }
        compiler = std::make_unique<Compiler>(fake_table(), shared, fake_variables());
        compiled = compiler->rules(sources);
    }
    RuleSetAtTest(const RuleSetAtTest&) = delete;
    RuleSetAtTest& operator=(const RuleSetAtTest&) = delete;

    std::vector<MacroSource> shared = macros();
    std::vector<RuleSource> sources;
    std::unique_ptr<Compiler> compiler;
    CompiledRules compiled;
};

// What each way of evaluating a rule says, told as a difference; empty when they agree.
std::string difference(const BoundRule& rule, const EvalContext& context, Truth indexed,
                       Truth& expected) {
    expected = naive_truth(rule, context);
    const bool elements = std::all_of(rule.registers.begin(), rule.registers.end(),
                                      [&](Subject s) { return !elements_of(context, s).empty(); });
    const Truth walked = secl::evaluate(rule, context);
    const Truth prenex = elements ? naive_over_all_elements(rule, context) : expected;
    if (indexed == expected && walked == expected && prenex == expected) {
        return {};
    }
    const auto number = [](Truth value) { return std::to_string(static_cast<int>(value)); };
    return "expected " + number(expected) + ", indexed " + number(indexed) + ", walked " +
           number(walked) + ", over all elements " + number(prenex) + ": ";
}

Truth truth_in(const Matches& found, uint32_t number) {
    const auto in = [number](std::span<const uint32_t> list) {
        return std::binary_search(list.begin(), list.end(), number);
    };
    return in(found.matched) ? Truth::kTrue : in(found.undecided) ? Truth::kUnknown : Truth::kFalse;
}

}  // namespace

TEST_CASE("the indexed engine equals the naive evaluator") {
    EvalState state;  // one for all sets: it must not carry anything over
    std::array<size_t, 3> verdicts{};
    for (int round = 0; round < rounds(5); ++round) {
        RandomRules random(seed() + static_cast<uint32_t>(round));
        const RuleSetAtTest set(random);
        REQUIRE(set.compiled.bound.size() > kRulesPerSet / 2);
        for (int e = 0; e < kEventsPerSet; ++e) {
            const FakeEvent event = random.event();
            FakeContext context(event);
            if (e % 7 == 0) {
                context.settle();
            }
            const Matches found = set.compiled.rules->evaluate(context.get(), state);
            REQUIRE((e % 7 != 0 || found.undecided.empty()));
            for (const NumberedRule& bound : set.compiled.bound) {
                Truth expected = Truth::kFalse;
                const std::string wrong =
                    difference(bound.rule, context.get(), truth_in(found, bound.number), expected);
                ++verdicts[static_cast<size_t>(expected)];
                if (!wrong.empty()) {
                    FAIL("seed " << seed() << ", round " << round << ", event " << e << ", "
                                 << wrong << set.sources[bound.number].expression.text);
                }
            }
        }
    }
    for (const size_t count : verdicts) {
        CHECK(count > 100);  // neither side is trivial
    }
}

TEST_CASE("patterns and globs match by their definition") {
    RandomRules random(7);
    size_t matched = 0;
    for (int i = 0; i < rounds(20000); ++i) {
        const std::string pattern = random.pattern();
        const std::string word = random.word();
        INFO(pattern << " on " << word);
        const bool expected = naive_pattern(pattern, word);
        REQUIRE(Pattern(pattern).matches(word) == expected);
        const std::string glob = random.glob();
        const std::string path = random.path();
        INFO(glob << " on " << path);
        const bool globbed = naive_glob(glob, path);
        REQUIRE(PathGlob(glob).matches(path) == globbed);
        matched += (expected ? 1 : 0) + (globbed ? 1 : 0);
    }
    CHECK(matched > 1000);
}

TEST_CASE("a matcher of many literals finds what each finds alone") {
    for (int round = 0; round < rounds(60); ++round) {
        RandomRules random(static_cast<uint32_t>(round) + 1000);
        std::map<StringLiteral, std::vector<uint32_t>> literals;
        for (uint32_t i = 0; i < 40; ++i) {
            StringLiteral literal{StringLiteral::Kind::kExact, random.path()};
            if (i % 3 == 1) {
                literal = {StringLiteral::Kind::kGlob, random.glob()};
            } else if (i % 3 == 2) {
                literal = {StringLiteral::Kind::kPattern, random.pattern()};
            }
            const bool wild = literal.text.find('*') != std::string::npos;
            literal.kind = wild ? literal.kind : StringLiteral::Kind::kExact;
            literals[literal].push_back(i);
        }
        std::vector<StringMatcher::Entry> entries;
        for (const auto& [literal, targets] : literals) {
            entries.push_back({literal, targets});
        }
        const StringMatcher matcher(entries, false);
        for (int i = 0; i < 100; ++i) {
            const std::string value = i % 2 == 0 ? random.path() : random.word();
            std::vector<uint32_t> found;
            matcher.match(value, [&](uint32_t target) { found.push_back(target); });
            std::sort(found.begin(), found.end());
            found.erase(std::unique(found.begin(), found.end()), found.end());
            std::vector<uint32_t> expected;
            for (const auto& [literal, targets] : literals) {
                const bool hit = literal.kind == StringLiteral::Kind::kExact ? literal.text == value
                                 : literal.kind == StringLiteral::Kind::kGlob
                                     ? naive_glob(literal.text, value)
                                     : naive_pattern(literal.text, value);
                if (hit) {
                    expected.insert(expected.end(), targets.begin(), targets.end());
                }
            }
            std::sort(expected.begin(), expected.end());
            INFO("value " << value << ", round " << round);
            REQUIRE(found == expected);
        }
    }
}

TEST_CASE("printing and parsing again gives the same rule") {
    RandomRules random(99);
    for (int i = 0; i < rounds(1500); ++i) {
        const std::string text = random.rule();
        Diagnostics diagnostics;
        const ast::NodePtr first = parse_expression(source_from_string("test", text), diagnostics);
        INFO(text << "\n" << render(diagnostics));
        REQUIRE(first != nullptr);
        const std::string printed = print(*first);
        const ast::NodePtr second =
            parse_expression(source_from_string("test", printed), diagnostics);
        INFO(printed << "\n" << render(diagnostics));
        REQUIRE(second != nullptr);
        REQUIRE(print(*second) == printed);
        REQUIRE(second->height <= first->height);
    }
}

}  // namespace vedette::secl::test
