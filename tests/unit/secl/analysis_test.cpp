// SPDX-License-Identifier: Apache-2.0
//
// Warnings about rules. tests/golden/secl/analysis.txt holds expressions, each after a line "---", followed by "=>" and
// what is printed: nothing for those that are in order.
#include "security-agent/secl/analysis.h"

#include <filesystem>
#include <fstream>

#include "security-agent/secl/analysis_parts.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/named_fields.h"
#include "tests/unit/secl/support.h"

namespace vedette::secl::test {
namespace {

std::string warnings(const std::string& expression) {
    const std::vector<MacroSource> macros = {macro("SHELLS", "[\"sh\", \"bash\"]"),
                                             macro("WRITE", "(O_WRONLY | O_RDWR | O_CREAT)")};
    const RuleSource source = rule("rule", expression);
    return render(compile_rules({&source, 1}, macros, named_table()).diagnostics);
}

}  // namespace

TEST_CASE("warnings read as in the golden file") {
    std::ifstream file(std::string(VEDETTE_SOURCE_DIR) + "/tests/golden/secl/analysis.txt");
    REQUIRE(file);
    std::string expected;
    std::string actual;
    std::string expression;
    bool in_expression = false;
    size_t cases = 0;
    for (std::string line; std::getline(file, line);) {
        if (line == "---") {
            expression.clear();
            in_expression = true;
            actual += line + "\n";
        } else if (line == "=>") {
            in_expression = false;
            actual += expression + "=>\n" + warnings(expression.substr(0, expression.size() - 1));
            ++cases;
        } else if (in_expression) {
            expression += line + "\n";
        }
        expected += line + "\n";
    }
    CHECK(cases > 50);
    if (actual != expected) {  // to compare with and, after reading it, to copy
        const auto shown = std::filesystem::temp_directory_path() / "vedette-analysis.txt";
        std::ofstream(shown) << actual;
        FAIL("what is printed differs from the golden file; it is in " << shown);
    }
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
