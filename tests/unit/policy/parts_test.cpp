// SPDX-License-Identifier: Apache-2.0
//
// Versions, durations, literals, and what a hostile file meets.
#include <chrono>

#include "security-agent/policy/declare.h"
#include "security-agent/policy/literals.h"
#include "security-agent/policy/version.h"
#include "security-agent/policy/yaml_fields.h"
#include "security-agent/policy/yaml_tree.h"
#include "tests/unit/policy/support.h"

namespace vedette::policy {

using namespace test;

TEST_CASE("limits of a hostile file") {
    const auto refused = [](const std::string& text, const char* message) {
        CHECK_THAT(diagnostics(text), ContainsSubstring(message));
    };
    refused(std::string(kMaxPolicyBytes + 1, 'a'), "the limit is");
    refused("rules: " + std::string(400, '[') + std::string(400, ']'), "levels deep");
    std::string flat = "rules: [";
    for (size_t i = 0; i <= kMaxYamlNodes; ++i) {
        flat += "1,";
    }
    refused(flat + "1]", "the file has more than");
    std::string aliases = "a: &a [x]\nrules: [";
    for (size_t i = 0; i <= kMaxYamlAliases; ++i) {
        aliases += "*a,";
    }
    refused(aliases + "]", "aliases");
    refused("rules: &a [*a]", "inside what it repeats");
    refused("rules: [*nope]", "not YAML");
    refused("? [a]\n: b\n", "keys must be simple words");
}

TEST_CASE("versions") {
    const auto met = [](const char* constraint) {
        const auto version = parse_version("7.83.1");
        REQUIRE(version.has_value());
        const auto result = satisfies(*version, constraint);
        INFO(constraint);
        REQUIRE(result.has_value());
        return *result;
    };
    CHECK(met(">= 7.46, < 7.90"));
    CHECK(met(">= 7.46 < 7.90"));
    CHECK(met(">=7.83"));
    CHECK(met("<= 7.83"));
    CHECK(met("= 7.83"));
    CHECK(met("7.83.1"));
    CHECK(met("< 7.10 || > 7.80"));
    CHECK(met("~7.83"));
    CHECK(met("^7.1"));
    CHECK_FALSE(met("< 7.83"));
    CHECK_FALSE(met("> 7.83"));
    CHECK_FALSE(met("!= 7.83.1"));
    CHECK_FALSE(met("~7.82"));
    CHECK_FALSE(met("^6"));
    CHECK_FALSE(satisfies({}, ""));
    CHECK_FALSE(satisfies({}, ">> 1"));
    CHECK_FALSE(satisfies({}, "> 1.x"));
    CHECK_FALSE(parse_version("seven"));
}

TEST_CASE("durations of policies") {
    CHECK(parse_duration("1h30m") == 5'400'000'000'000);
    CHECK(parse_duration("250ms") == 250'000'000);
    CHECK(parse_duration("5ns") == 5);
    CHECK_FALSE(parse_duration(""));
    CHECK_FALSE(parse_duration("5"));
    CHECK_FALSE(parse_duration("5x"));
    CHECK_FALSE(parse_duration("-5s"));
    CHECK_FALSE(parse_duration("99999999999h"));
}

TEST_CASE("aliases count for what they repeat") {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int level = 1; level <= 6; ++level) {
        const std::string before = "*a" + std::to_string(level - 1);
        bomb += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [";
        for (int i = 0; i < 10; ++i) {
            bomb += before + (i < 9 ? ", " : "]\n");
        }
    }
    CHECK_THAT(diagnostics(bomb), ContainsSubstring("with those that its aliases repeat"));
    // A long text, and a long list, repeated.
    const std::string text =
        "a: &a " + std::string(4 << 20, 'x') + "\nrules: [*a, *a, *a, *a, *a]\n";
    CHECK_THAT(diagnostics(text), ContainsSubstring("with those that its aliases repeat"));
    std::string list = "a: &a [x";
    for (int i = 0; i < 200'000; ++i) {
        list += ",x";
    }
    CHECK_THAT(diagnostics(list + "]\nrules: [*a, *a, *a]\n"),
               ContainsSubstring("with those that its aliases repeat"));
}

TEST_CASE("a list of 100,000 elements, as a macro, as values, as an array and as a variable") {
    std::string yaml;
    std::string array;
    for (int i = 0; i < 100'000; ++i) {
        const std::string name = "n" + std::to_string(i);
        yaml += (i ? "," : "") + name;
        array += (i ? ",\"" : "\"") + name + "\"";
    }
    const CompiledPolicies compiled = compile(
        "macros:\n  - {id: VALUES, values: [" + yaml + "]}\n  - {id: LIST, expression: '[" + array +
        "]'}\nrules:\n  - {id: values, expression: open.file.name in VALUES}\n  - {id: list, "
        "expression: open.file.name in LIST, actions: [{set: {name: v, value: [" +
        yaml + "]}}]}\n");
    INFO(secl::render(compiled.diagnostics).substr(0, 500));
    REQUIRE(compiled.ok());
    secl::test::FakeEvent event;
    event.set_strings("open.file.name", {"n99999"});
    secl::EvalState state;
    const secl::test::FakeContext context(event);
    CHECK(compiled.rule_set->evaluate(context.get(), state).matched.size() == 2);
    CHECK(std::get<SetAction>(rule(compiled, "list").actions[0].what).value.strings.size() ==
          100'000);
}

TEST_CASE("expressions of a megabyte and more") {
    std::string small = "open.file.name in [";
    while (small.size() < (1 << 20) - 100) {
        small += "\"abcdefgh\", ";
    }
    CHECK(compile("rules:\n  - {id: a, expression: '" + small + "\"x\"]'}\n").ok());
    while (small.size() < (1 << 20) + 100) {
        small += "\"abcdefgh\", ";
    }
    CHECK_THAT(diagnostics("rules:\n  - {id: a, expression: '" + small + "\"x\"]'}\n"),
               ContainsSubstring("bytes"));
    const std::string deep(100'000, '(');
    CHECK_THAT(diagnostics("rules:\n  - {id: a, expression: '" + deep + "open.flags > 0'}\n"),
               ContainsSubstring("levels deep"));
    std::string chain = "open.flags > 0";
    for (int i = 0; i < 50'000; ++i) {
        chain += " && open.flags > 0";
    }
    const CompiledPolicies long_chain =
        compile("rules:\n  - {id: a, expression: '" + chain + "'}\n");
    CHECK(long_chain.ok());
}

TEST_CASE("many rules, many mistakes, many variables: linear time and a bounded report") {
    std::string text = "rules:\n";
    for (int i = 0; i < 5'000; ++i) {
        const std::string n = std::to_string(i);
        text += "  - {id: r" + n +
                ", expression: open.nope == 1, nope: 1, actions: [{set: {name: v" + n +
                ", value: 1}}]}\n";
    }
    const CompiledPolicies compiled = compile(text);
    CHECK(compiled.rules.empty());
    CHECK(compiled.policies[0].message == "5000 of 5000 rules failed");
    CHECK(compiled.diagnostics.items().size() == secl::Diagnostics::kMax);
    CHECK(compiled.diagnostics.dropped() > 0);
    std::string good = "rules:\n";
    for (int i = 0; i < 5'000; ++i) {
        const std::string n = std::to_string(i);
        good += "  - {id: r" + n + ", expression: 'open.flags == ${v" + n +
                "}', actions: [{set: {name: v" + n + ", value: 1}}]}\n";
    }
    const CompiledPolicies many = compile(good);
    CHECK(many.rules.size() == kMaxVariables);
    CHECK_THAT(secl::render(many.diagnostics), ContainsSubstring("more than 4096 variables"));
}

}  // namespace vedette::policy
