// SPDX-License-Identifier: Apache-2.0
//
// Warnings about rules. tests/golden/secl/analysis.txt holds expressions, each after a line "---", followed by "=>" and
// what is printed: nothing for those that are in order.
#include "security-agent/secl/analysis.h"

#include <fmt/format.h>

#include <array>
#include <random>

#include "security-agent/secl/analysis_parts.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/named_fields.h"
#include "tests/unit/secl/random_rules.h"
#include "tests/unit/secl/support.h"

namespace vedette::secl::test {
namespace {

std::string warnings(const std::string& expression) {
    const std::vector<MacroSource> macros = {macro("SHELLS", "[\"sh\", \"bash\"]"),
                                             macro("WRITE", "(O_WRONLY | O_RDWR | O_CREAT)")};
    const RuleSource source = rule("rule", expression);
    return render(compile_rules({&source, 1}, macros, named_table()).diagnostics);
}

// Conditions over so few fields and values that they often contradict each other.
std::string few_fields(std::mt19937& engine, int depth) {
    const auto below = [&](size_t limit) {
        return std::uniform_int_distribution<size_t>(0, limit - 1)(engine);
    };
    constexpr std::array kWords = {"a", "b", "ab", "bash"};
    constexpr std::array kPatterns = {"\"a\"",   "\"ab\"",  "~\"a*\"",
                                      "~\"b*\"", "~\"*b\"", "r\"^a\""};
    constexpr std::array kGlobs = {"\"/a/b\"", "~\"/a/*\"", "~\"/a/**\"", "~\"/b/**\"", "\"/a\""};
    constexpr std::array kOps = {"==", "!=", "<", "<=", ">", ">="};
    const auto in = [&] { return below(2) == 0 ? "in" : "not in"; };
    if (depth > 0) {
        std::string out = few_fields(engine, depth - 1);
        const char* op = below(2) == 0 ? " && " : " || ";
        for (size_t i = 0; i <= below(3); ++i) {
            out += op + few_fields(engine, depth - 1);
        }
        return (below(5) == 0 ? "!" : "") + fmt::format("({})", out);
    }
    switch (below(7)) {
        case 0:
            return fmt::format("open.file.name {} [\"{}\", \"{}\"]", in(), kWords[below(4)],
                               kWords[below(4)]);
        case 1:
            return fmt::format("open.file.name {} {}",
                               below(2) == 0 ? "==" : "!=", kPatterns[below(6)]);
        case 2:
            return fmt::format("process.uid {} {}", kOps[below(6)], below(4));
        case 3:
            return fmt::format("open.flags & {} {} {}", below(4), kOps[below(6)], below(3));
        case 4:
            return below(2) == 0 ? "open.file.in_upper_layer" : "!open.file.in_upper_layer";
        case 5:
            return fmt::format("process.argv {} [\"{}\", \"{}\"]", in(), kWords[below(4)],
                               kWords[below(4)]);
        default:
            return fmt::format("open.file.path {} [{}, {}]", in(), kGlobs[below(5)],
                               kGlobs[below(5)]);
    }
}

}  // namespace

TEST_CASE("warnings read as in the golden file") {
    check_golden("analysis", 50,
                 [](const std::string& expression) { return warnings(expression); });
}

TEST_CASE("regular expressions that match nothing") {
    for (const char* never : {"a^b", "a$b", "x(^a|^b)", "(a|b)^c", "a\\Ab", "(a$|b$)c", "[ab]+^",
                              "a{2,3}^", "(?i)a^b", "(?P<n>a)^", "\\z.", "(?:a^)"}) {
        INFO(never);
        CHECK(regexp_shape(never).never);
    }
    for (const char* some :
         {"^a",          "a$",     "^$",    "a*^b",  "(^a|b)", "x|a^b",     "(a^)?b",
          "(?m)a^b",     "a\\^b",  "[^a]b", "[a^]b", "a\\$b",  "\\Qa^b\\E", "a|^b",
          "(a^){0,2}",   "(a$)*b", "$^",    "a{2}$", "[]^]a",  "^a?^b",     "[[:alpha:]^]a",
          "\\p{Greek}^*"}) {
        INFO(some);
        CHECK_FALSE(regexp_shape(some).never);
    }
    CHECK(regexp_shape("^ab+c?").min_bytes == 2);
    CHECK(regexp_shape("(abc|de)[xy]{2,}").min_bytes == 4);
    CHECK(regexp_shape("\\x41\\Qa.b\\E\\.").min_bytes == 5);
    CHECK(regexp_shape("^abc").anchored);
    CHECK(regexp_shape("^\\.ssh").anchored);
    CHECK_FALSE(regexp_shape("^.*abc").anchored);
    CHECK_FALSE(regexp_shape("^a?bc").anchored);
    CHECK_FALSE(regexp_shape("abc").anchored);
    CHECK_FALSE(regexp_shape(std::string(5000, '(') + std::string(5000, ')')).never);
}

TEST_CASE("what is said of constants is said once, and no rule without a mistake is warned of") {
    CHECK_THAT(warnings("1 == 2 && open.flags & O_CREAT > 0"),
               ContainsSubstring("the expression is always false"));
    CHECK(warnings(R"(open.file.path == "/etc/passwd" && process.uid != 0)").empty());
}

TEST_CASE("a rule that is said to be always true or false is so for every event") {
    std::mt19937 engine(7);
    EvalState state;
    size_t never = 0;
    size_t always = 0;
    for (uint32_t seed = 1; seed <= 3000; ++seed) {
        const std::string text = few_fields(engine, 2);
        const RuleSource source = rule("rule", text + " && open.flags >= 0");
        const CompiledRules compiled = compile_rules({&source, 1}, {}, fake_table());
        INFO(text << "\n" << render(compiled.diagnostics));
        REQUIRE(compiled.diagnostics.errors() == 0);
        const std::string said = render(compiled.diagnostics);
        const bool cannot = said.find("the rule can never match") != std::string::npos;
        const bool must = said.find("the rule matches every event") != std::string::npos;
        never += cannot ? 1 : 0;
        always += said.find("always true") != std::string::npos ? 1 : 0;
        RandomRules random(seed);
        for (int i = 0; i < 60 && (cannot || must); ++i) {
            const FakeEvent event = random.event();
            FakeContext context(event);
            REQUIRE(!compiled.rules->evaluate(context.get(), state).matched.empty() == must);
        }
        // The negation is said to be the opposite.
        const RuleSource negated = rule("rule", "!(" + text + ") && open.flags >= 0");
        const CompiledRules other = compile_rules({&negated, 1}, {}, fake_table());
        const bool opposite =
            render(other.diagnostics).find("can never match") != std::string::npos;
        for (int i = 0; i < 60 && opposite; ++i) {
            const FakeEvent event = random.event();
            FakeContext context(event);
            REQUIRE_FALSE(compiled.rules->evaluate(context.get(), state).matched.empty());
        }
    }
    CHECK(never > 200);
    CHECK(always > 100);
}

TEST_CASE("a rule of thousands of literals is looked at in time") {
    std::string list = "\"a\"";
    for (int i = 0; i < 20000; ++i) {
        list += ", ~\"*name" + std::to_string(i) + "*\"";
    }
    const std::string text = "open.file.name in [" + list + "] && open.file.name not in [" + list +
                             ", \"b\"] && open.file.name not in [\"c\"]";
    // Given up, not wrong: nothing is claimed of lists too long to compare.
    CHECK(warnings(text).empty());
}

}  // namespace vedette::secl::test
