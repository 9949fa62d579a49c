// SPDX-License-Identifier: Apache-2.0
//
// Which variables a rule set has, and what they are.
#include "security-agent/secl/variables.h"

#include "tests/unit/policy/support.h"

namespace vedette::policy {

using namespace test;

namespace {

using secl::ValueType;

// One rule "a" with one set action of these keys.
std::string setting(const std::string& keys, const std::string& id = "a") {
    return "  - {id: " + id + ", expression: open.flags > 0, actions: [{set: {" + keys + "}}]}\n";
}

CompiledPolicies compile_set(const std::string& keys) {
    return compile("rules:\n" + setting(keys));
}

secl::Variable variable(const CompiledPolicies& compiled, const std::string& name) {
    const auto number = compiled.variables->find(name);
    if (!number) {
        FAIL("no variable " << name << ": " << secl::render(compiled.diagnostics));
    }
    return compiled.variables->at(*number);
}

std::string conflict(const std::string& first, const std::string& second) {
    return diagnostics("rules:\n" + setting(first, "a") + setting(second, "b"));
}

}  // namespace

TEST_CASE("a variable has the type of what is set") {
    const auto expect = [](const std::string& keys, ValueType type, bool is_list) {
        INFO(keys);
        const CompiledPolicies compiled = compile_set("name: x, " + keys);
        const secl::Variable x = variable(compiled, "x");
        CHECK(x.type == type);
        CHECK(x.is_list == is_list);
        CHECK(compiled.ok());
    };
    expect("value: text", ValueType::kString, false);
    expect("value: 5", ValueType::kInt, false);
    expect("value: 0755", ValueType::kInt, false);
    expect("value: '5'", ValueType::kString, false);
    expect("value: true", ValueType::kBool, false);
    expect("value: 'true'", ValueType::kString, false);
    expect("value: 10.0.0.1", ValueType::kIp, false);
    expect("value: 10.0.0.0/8", ValueType::kIp, false);
    expect("value: '10.0.0.1'", ValueType::kString, false);
    expect("value: 1.2.3.4.5", ValueType::kString, false);
    expect("value: [a, b]", ValueType::kString, true);
    expect("value: [1, 2]", ValueType::kInt, true);
    expect("value: [10.0.0.0/8, 10.1.1.1]", ValueType::kIp, true);
    expect("value: text, append: true", ValueType::kString, true);
    expect("field: open.flags", ValueType::kInt, false);
    expect("field: open.file.name, append: true", ValueType::kString, true);
    expect("field: process.argv, append: true", ValueType::kString, true);
    expect("field: 'process.argv[0]'", ValueType::kString, false);
    expect("field: process.file.path.length", ValueType::kInt, false);
    expect("field: process.ancestors.pid, append: true", ValueType::kInt, true);
    expect("field: open.file.in_upper_layer", ValueType::kBool, false);
    expect("expression: open.flags + 1, default_value: 0", ValueType::kInt, false);
    expect("expression: open.flags > 1 && process.uid == 0, default_value: false", ValueType::kBool,
           false);
    expect("expression: '\"%{open.file.name}:x\"', default_value: ''", ValueType::kString, false);
    expect("expression: '${x} + 1', default_value: 0", ValueType::kInt, false);
    expect("expression: open.flags, default_value: 0, append: true", ValueType::kInt, true);
}

TEST_CASE("values of variables") {
    const auto value = [](const std::string& text) {
        const CompiledPolicies compiled = compile_set("name: x, value: " + text);
        return std::get<SetAction>(rule(compiled, "a").actions[0].what).value;
    };
    CHECK(value("-7").ints == std::vector<int64_t>{-7});
    CHECK(value("0x1f").ints == std::vector<int64_t>{31});
    CHECK(value("0755").ints == std::vector<int64_t>{493});
    CHECK(value("9223372036854775807").ints == std::vector<int64_t>{INT64_MAX});
    CHECK(value("9223372036854775808").strings == std::vector<std::string>{"9223372036854775808"});
    CHECK(value("true").ints == std::vector<int64_t>{1});
    CHECK(value("10.0.0.1").strings == std::vector<std::string>{{'\x0a', 0, 0, 1}});
    CHECK(value("10.0.0.0/8").strings == std::vector<std::string>{{'\x0a', 0, 0, 0, '\x08'}});
    CHECK(value("10.0.0.0/33").strings == std::vector<std::string>{"10.0.0.0/33"});
    CHECK(value("\"::1\"").strings == std::vector<std::string>{"::1"});
    CHECK(value("[a, \"b c\"]").strings == std::vector<std::string>{"a", "b c"});
}

TEST_CASE("all that a set action says of a variable") {
    const CompiledPolicies compiled = compile_set(
        "name: x, scope: process, value: [a], size: 7, ttl: 1m30s, private: true, inherited: true");
    const secl::Variable x = variable(compiled, "process.x");
    CHECK(x.scope == secl::Scope::kProcess);
    CHECK(x.size == 7);
    CHECK(x.ttl_ns == 90'000'000'000);
    CHECK(x.is_private);
    CHECK(x.inherited);
    const CompiledPolicies plain = compile_set("name: y, value: 1, ttl: 3600000000000");
    const secl::Variable y = variable(plain, "y");
    CHECK(y.size == 100);
    CHECK(y.ttl_ns == 3'600'000'000'000);
    CHECK_FALSE(y.is_private);
    CHECK(y.default_value.ints == std::vector<int64_t>{0});
    const CompiledPolicies given =
        compile_set("name: z, field: open.file.name, default_value: none");
    CHECK(variable(given, "z").default_value.strings == std::vector<std::string>{"none"});
    CHECK(variable(compile_set("name: c, scope: cgroup, value: 1"), "cgroup.c").scope ==
          secl::Scope::kCgroup);
    CHECK(variable(compile_set("name: c, scope: container, value: 1"), "container.c").scope ==
          secl::Scope::kContainer);
}

TEST_CASE("rules read variables that are set further down, or in another file") {
    const std::string reader =
        "rules:\n  - {id: r, expression: 'open.file.name in ${cgroup.seen}'}\n";
    const std::string writer =
        "rules:\n  - {id: w, expression: open.flags > 0, actions: [{set: {name: seen, scope: "
        "cgroup, field: open.file.name, append: true}}]}\n";
    CHECK(compile_files({{"a.policy", reader}, {"b.policy", writer}}).ok());
    CHECK(compile_files({{"b.policy", reader}, {"a.policy", writer}}).ok());
    const CompiledPolicies alone = compile_files({{"a.policy", reader}});
    CHECK(alone.rules.empty());
    CHECK_THAT(secl::render(alone.diagnostics), ContainsSubstring("${cgroup.seen}"));
    const CompiledPolicies off =
        compile_files({{"a.policy", reader}, {"b.policy", writer + "    disabled: true\n"}});
    CHECK(off.rules.empty());  // a rule that is disabled declares nothing
}

TEST_CASE("one variable is one thing in all rules, and the error names the other place") {
    const std::string text = conflict("name: x, value: 1", "name: x, value: a");
    CHECK_THAT(text, ContainsSubstring(
                         "${x} is a string here, and a number in rule 'a' at test.policy:2 [b]"));
    CHECK_THAT(conflict("name: x, value: 1", "name: x, value: [1]"),
               ContainsSubstring("${x} is a list of numbers here, and a number in rule 'a'"));
    CHECK_THAT(conflict("name: x, value: 1, private: true", "name: x, value: 1"),
               ContainsSubstring("${x} is not private here, and private in rule 'a'"));
    // Where only the memory is concerned, the first says how much of it.
    const CompiledPolicies sizes =
        compile("rules:\n" + setting("name: x, value: [a], size: 5, ttl: 1s", "a") +
                setting("name: x, value: [b], size: 6, ttl: 2s", "b"));
    CHECK(sizes.rules.size() == 2);
    CHECK(variable(sizes, "x").size == 5);
    CHECK(variable(sizes, "x").ttl_ns == 1'000'000'000);
    CHECK_THAT(secl::render(sizes.diagnostics),
               ContainsSubstring("${x} has another 'size' in rule 'a' at test.policy:2"));
    CHECK_THAT(secl::render(sizes.diagnostics), ContainsSubstring("${x} has another 'ttl'"));
    // What one leaves out is as the other says.
    const CompiledPolicies half = compile("rules:\n" + setting("name: x, value: 0", "a") +
                                          setting("name: x, value: 1, ttl: 2s", "b"));
    CHECK(half.ok());
    CHECK(half.diagnostics.items().empty());
    CHECK(variable(half, "x").ttl_ns == 2'000'000'000);
    // Scopes keep names apart.
    CHECK(conflict("name: x, value: 1", "name: x, value: a, scope: process").empty());
}

TEST_CASE("names that are taken") {
    const auto refused = [](const std::string& name, const char* message) {
        const CompiledPolicies compiled = compile("macros: [{id: SHELLS, values: [sh]}]\nrules:\n" +
                                                  setting("value: 1, " + name));
        INFO(name);
        CHECK_THAT(secl::render(compiled.diagnostics), ContainsSubstring(message));
        CHECK(compiled.rules.empty());
    };
    refused("name: O_CREAT", "'O_CREAT' is a constant of the language");
    refused("name: SHELLS", "'SHELLS' is the name of a macro");
    refused("name: pid, scope: process", "${process.pid} is built in and cannot be set");
    refused("name: builtins.uuid4", "'builtins.uuid4' is no variable name");
    const CompiledPolicies field = compile_set("name: comm, scope: process, value: x");
    CHECK(field.rules.size() == 1);
    CHECK_THAT(secl::render(field.diagnostics),
               ContainsSubstring("there is also a field 'process.comm'"));
}

TEST_CASE("types that do not fit") {
    const auto refused = [](const std::string& keys, const char* message) {
        INFO(keys);
        const CompiledPolicies compiled = compile_set("name: x, " + keys);
        CHECK_THAT(secl::render(compiled.diagnostics), ContainsSubstring(message));
        CHECK(compiled.rules.empty());
    };
    refused("value: 1, default_value: a", "'default_value' is a string, the variable a number");
    refused("field: open.flags, default_value: [1]",
            "'default_value' is a list of numbers, the variable a number");
    refused("value: true, append: true", "booleans cannot be collected");
    refused("value: [true]", "'true' cannot be an element");
    refused("field: open.file.in_upper_layer, append: true", "booleans cannot be collected");
    refused("expression: process.argv, default_value: a", "has several values");
}

}  // namespace vedette::policy
