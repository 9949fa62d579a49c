// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/loader.h"

#include <sys/stat.h>

#include <algorithm>

#include "tests/unit/policy/support.h"

namespace vedette::policy {

using namespace test;

TEST_CASE("all keys of a rule are read") {
    const CompiledPolicies compiled = compile(R"(
version: 1.2.3
type: policy
macros:
  - id: NAMES
    description: names of files
    values: ["passwd", shadow]
rules:
  - id: all_keys
    version: "4"
    description: A description
    group_id: group
    expression: open.file.name in NAMES
    tags: {tactic: TA0006, number: 5, flag: true}
    product_tags: [a, b]
    agent_version: ">= 7.46, < 8"
    filters:
      - os.id == "nope"
      - os == "linux" && kernel.version.major >= 5
    disabled: false
    every: 1m30s
    limiter_token: [process.file.path]
    silent: true
    priority: 7
  - id: integer_every
    expression: open.flags > 0
    every: 5000000000
)");
    CHECK(compiled.ok());
    CHECK(secl::render(compiled.diagnostics).empty());
    REQUIRE(compiled.rules.size() == 2);
    const RuleInfo& rule = compiled.rules[0];
    CHECK(rule.id == "all_keys");
    CHECK(rule.version == "4");
    CHECK(rule.description == "A description");
    CHECK(rule.group_id == "group");
    CHECK(rule.expression == "open.file.name in NAMES");
    CHECK(rule.tags == std::vector<std::pair<std::string, std::string>>{
                           {"tactic", "TA0006"}, {"number", "5"}, {"flag", "true"}});
    CHECK(rule.product_tags == std::vector<std::string>{"a", "b"});
    CHECK(rule.every_ns == 90'000'000'000);
    CHECK(rule.limiter_token == std::vector<std::string>{"process.file.path"});
    CHECK(rule.silent);
    CHECK(rule.priority == 7);
    CHECK(rule.policy_name == "test.policy");
    CHECK(rule.policy_version == "1.2.3");
    CHECK(compiled.rules[1].every_ns == 5'000'000'000);
    CHECK(compiled.policies[0].version == "1.2.3");

    secl::EvalState state;
    secl::test::FakeEvent event;
    event.set_strings("open.file.name", {"shadow"});
    secl::test::FakeContext context(event);
    CHECK(compiled.rule_set->evaluate(context.get(), state).matched.size() == 1);
}

TEST_CASE("mistakes in keys are named with their place and the nearest key") {
    const auto expect = [](const std::string& text, const char* message) {
        INFO(text);
        CHECK_THAT(diagnostics(text), ContainsSubstring(message));
    };
    expect("rules:\n  - id: a\n    expresion: open.flags > 0\n",
           "test.policy:3:5: error: 'expresion' is no key of a rule");
    expect("rules:\n  - id: a\n    expresion: open.flags > 0\n", "did you mean 'expression'?");
    expect("ruls: []\n", "did you mean 'rules'?");
    expect("rules:\n  - id: a\n    id: b\n    expression: open.flags > 0\n", "'id' is given twice");
    expect("rules:\n  - expression: open.flags > 0\n", "a rule needs an 'id'");
    expect("rules:\n  - id: a-b\n    expression: open.flags > 0\n", "'a-b' is no id");
    expect("rules:\n  - id: heartbeat\n    expression: open.flags > 0\n",
           "is the id of an event of the agent itself");
    expect("rules:\n  - id: a\n", "the rule has no 'expression'");
    expect("rules:\n  - id: a\n    expression: open.flags > 0\n    disabled: \"true\"\n",
           "'disabled' must be true or false");
    expect("rules:\n  - id: a\n    expression: open.flags > 0\n    every: soon\n",
           "'every' must be a duration");
    expect("rules:\n  - id: a\n    expression: open.flags > 0\n    priority: high\n",
           "'priority' must be a number");
    expect("rules:\n  - id: a\n    expression: [1]\n", "'expression' must be a string");
    expect(
        "rules:\n  - id: a\n    expression: open.flags > 0\n    limiter_token: "
        "[process.fil.path]\n",
        "did you mean 'process.file.path'?");
    expect("rules: 5\n", "'rules' must be a list");
    expect("rules: [5]\n", "a rule is a map");
    expect("[1, 2]\n", "a policy is a map");
    expect("type: thing\nrules: []\n", "'type' cannot be 'thing'");
    expect("macros:\n  - id: M\n", "exactly one of 'expression' and 'values'");
    expect("macros:\n  - id: M\n    values: [a]\n    expression: x\n",
           "exactly one of 'expression' and 'values'");
    expect("", "the policy is empty");
    expect("version: 1\n", "the policy is empty");
    expect("rules:\n  - id: a\n    expression: open.flags > 0\n    filters: [os.idd == \"x\"]\n",
           "did you mean 'os.id'?");
    expect("rules:\n  - id: a\n    expression: open.flags > 0\n    agent_version: \"> x\"\n",
           "'x' is not a version");
    expect("rules:\n  - id: a\n    combine: overide\n    expression: open.flags > 0\n",
           "did you mean 'override'?");
    expect(
        "rules:\n  - id: a\n    expression: open.flags > 0\n    combine: override\n    "
        "override_options: {fields: [nope]}\n",
        "'nope' cannot be overridden");
}

TEST_CASE("a place inside an expression is its place in the file") {
    const auto expect = [](const std::string& expression_yaml, const char* place,
                           const char* line) {
        const std::string text = diagnostics("rules:\n  - id: a\n" + expression_yaml);
        INFO(text);
        CHECK_THAT(text, ContainsSubstring(place));
        CHECK_THAT(text, ContainsSubstring(line));
    };
    expect("    expression: open.flags > 0 && open.nope == 1\n", "test.policy:3:35: error",
           "                                  ^~~~~~~~~");
    expect("    expression: \"open.flags > 0 && open.nope == 1\"\n", "test.policy:3:36: error",
           "^~~~~~~~~");
    expect("    expression: \"open.file.name == \\\"a\\\" && open.nope == 1\"\n",
           "test.policy:3:45: error", "^~~~~~~~~");
    expect("    expression: 'open.file.name == \"it''s\" && open.nope == 1'\n",
           "test.policy:3:47: error", "^~~~~~~~~");
    expect("    expression: |\n      open.flags > 0 &&\n        open.nope == 1\n",
           "test.policy:5:9: error", "^~~~~~~~~");
    expect("    expression: >-\n      open.flags > 0 &&\n      open.nope == 1\n\n",
           "test.policy:5:7: error", "^~~~~~~~~");
    expect("    expression: &anchor |2\n      open.flags > 0 &&\n      open.nope == 1\n",
           "test.policy:5:7: error", "^~~~~~~~~");
    expect("    expression: open.flags > 0 &&\n      open.nope == 1\n", "test.policy:4:7: error",
           "^~~~~~~~~");
    expect("    expression: \"open.flags > 0 &&\n      open.nope == 1\"\n",
           "test.policy:4:7: error", "^~~~~~~~~");
    expect("    expression: \"open.flags > 0 \\\n      && open.nope == 1\"\n",
           "test.policy:4:10: error", "^~~~~~~~~");
    expect("    expression: \"open.file.name == \\x22\\u00e9\\x22 && open.nope == 1\"\n",
           "test.policy:3:54: error", "^~~~~~~~~");
    expect("    expression: \"open.flags > 0 &&\\n\\topen.nope == 1\"\n", "test.policy:3:39: error",
           "^~~~~~~~~");
    expect("    expression: \xc3\xa9 == open.nope\n", "test.policy:3:17: error", "^");
    expect("    expression: |\r\n      open.flags > 0 &&\r\n      open.nope == 1\r\n",
           "test.policy:5:7: error", "^~~~~~~~~");
    const std::string json = diagnostics(
        "{\"rules\": [{\"id\": \"a\", \"expression\": \"open.flags > 0 && open.nope == 1\"}]}");
    CHECK_THAT(json, ContainsSubstring("test.policy:1:57: error"));
}

TEST_CASE("a broken file is refused with its place and hurts no other") {
    const Folder folder;
    folder.write("a.policy", "rules: [\n");
    folder.write("b.policy", "rules:\n  - {id: b, expression: open.flags > 0}\n");
    folder.write("c.policy", "rules:\n  - id: c\n    expression: \xff\n");
    folder.write("d.policy", "rules: []\n---\nrules: []\n");
    folder.write("ignored.txt", "not a policy");
    mkfifo((folder.path() + "/fifo.policy").c_str(), 0600);
    const CompiledPolicies compiled = compile_folder(folder);
    CHECK_FALSE(compiled.ok());
    CHECK(rule_ids(compiled) == std::vector<std::string>{"b"});
    REQUIRE(compiled.policies.size() == 5);
    const std::string text = secl::render(compiled.diagnostics);
    CHECK_THAT(text, ContainsSubstring("a.policy:"));
    CHECK_THAT(text, ContainsSubstring("not YAML"));
    CHECK_THAT(text, ContainsSubstring("c.policy:3:17: error: the file is not UTF-8 text"));
    CHECK_THAT(text,
               ContainsSubstring("d.policy:3:1: error: a policy file holds one YAML document"));
    CHECK_THAT(text, ContainsSubstring("is not a regular file"));
    for (const PolicyReport& policy : compiled.policies) {
        CHECK((policy.status == PolicyStatus::kLoaded) == (policy.name == "b.policy"));
    }
    CHECK_FALSE(load_policies(folder.path() + "/nowhere", options()));
    CHECK(load_policies(folder.path() + "/nowhere", options()).error().message.find("nowhere") !=
          std::string::npos);
}

TEST_CASE("aliases repeat what they name") {
    const CompiledPolicies compiled = compile(
        "rules:\n  - {id: a, expression: &e open.flags > 0, tags: &t {x: y}}\n  - {id: b, "
        "expression: *e, tags: *t}\n");
    CHECK(compiled.ok());
    CHECK(rule_ids(compiled) == std::vector<std::string>{"a", "b"});
    CHECK(compiled.rules[1].tags.size() == 1);
}

TEST_CASE("status of rules and policies") {
    const CompiledPolicies compiled = compile(R"(
rules:
  - {id: good, expression: open.flags > 0}
  - {id: bad, expression: open.nope > 0}
  - {id: old, expression: open.flags > 0, agent_version: "< 7.46"}
  - {id: elsewhere, expression: open.flags > 0, filters: [os == "windows"]}
  - {id: disabled_rule, expression: open.flags > 0, disabled: true}
)");
    CHECK(compiled.policies[0].status == PolicyStatus::kPartiallyLoaded);
    CHECK(compiled.policies[0].message == "1 of 5 rules failed");
    CHECK(report(compiled, "test.policy", "good").status == RuleStatus::kLoaded);
    CHECK(report(compiled, "test.policy", "bad").status == RuleStatus::kError);
    CHECK_THAT(report(compiled, "test.policy", "bad").message,
               ContainsSubstring("'open.nope' is no known"));
    CHECK(report(compiled, "test.policy", "old").status == RuleStatus::kFiltered);
    CHECK_THAT(report(compiled, "test.policy", "old").message,
               ContainsSubstring("7.83.0 does not fulfil"));
    CHECK(report(compiled, "test.policy", "elsewhere").status == RuleStatus::kFiltered);
    CHECK(report(compiled, "test.policy", "disabled_rule").message == "disabled");
    CHECK(compile("rules:\n  - {id: a, expression: x}\n").policies[0].status ==
          PolicyStatus::kError);
    CHECK(
        compile("rules:\n  - {id: a, expression: open.flags > 0}\nmore: 1\n").policies[0].status ==
        PolicyStatus::kPartiallyLoaded);
}

TEST_CASE("host filters") {
    const auto loaded = [](const std::string& filter) {
        const CompiledPolicies compiled = compile(
            "rules:\n  - id: a\n    expression: open.flags > 0\n    filters: ['" + filter + "']\n");
        CHECK(compiled.diagnostics.ok());
        return compiled.rules.size() == 1;
    };
    CHECK(loaded("os == \"linux\""));
    CHECK_FALSE(loaded("os == \"windows\""));
    CHECK(loaded("os.id in [\"debian\", \"ubuntu\"] && os.is_debian && !os.is_rhel"));
    CHECK(loaded("os.version_id == \"12\""));
    CHECK(loaded(
        "kernel.version.major == 6 && kernel.version.minor >= 1 && kernel.version.patch == 0"));
    CHECK(loaded("kernel.version.abi == 18 && kernel.version.flavor == ~\"amd*\""));
    CHECK(loaded("\"B=2\" in envs && origin == \"ebpf\" && hostname == \"here\""));
    CHECK_FALSE(loaded("kernel.core.enabled"));
    HostFacts sles;
    parse_os_release("NAME=\"SLES\"\nID=\"sles\"\nVERSION_ID='15.4'\nPLATFORM_ID=platform:x\n",
                     sles);
    CHECK(sles.os_id == "sles");
    CHECK(sles.os_version_id == "15.4");
    CHECK(sles.os_platform_id == "platform:x");
    const HostFacts here = current_host_facts();
    CHECK(here.kernel_major > 0);
    CHECK_FALSE(here.hostname.empty());
}

TEST_CASE("default policy first, then by name; the first definition counts") {
    const Folder folder;
    folder.write(
        "a.policy",
        "rules:\n  - {id: shared, expression: open.flags > 1}\n  - {id: own, expression: "
        "open.flags > 1, priority: 5}\n"
        "  - {id: context, expression: open.flags > 1, tags: {execution_context: true}}\n");
    folder.write("default.policy",
                 "rules:\n  - {id: shared, expression: open.flags > 0}\n  - {id: second, "
                 "expression: open.flags > 0, priority: 9}\n");
    folder.write("b.policy",
                 "rules:\n  - {id: second, disabled: true}\n  - {id: late, expression: open.flags "
                 "> 0, priority: 6}\n");
    const CompiledPolicies compiled = compile_folder(folder);
    CHECK(compiled.ok());
    CHECK(compiled.policies[0].name == "default.policy");
    CHECK(compiled.policies[1].name == "a.policy");
    CHECK(rule_ids(compiled) == std::vector<std::string>{"context", "shared", "late", "own"});
    CHECK(compiled.rules[1].expression == "open.flags > 0");
    CHECK(report(compiled, "a.policy", "shared").message == "already defined in default.policy");
    CHECK(report(compiled, "default.policy", "second").message == "disabled");
    CHECK(compiled.diagnostics.warnings() == 1);
}

TEST_CASE("macros over files") {
    const Folder folder;
    folder.write("a.policy",
                 "macros:\n  - {id: VALUES, values: [a]}\n  - {id: LIST, expression: '[\"a\"]'}\n  "
                 "- {id: EXPR, expression: open.flags == 1}\n"
                 "rules:\n  - {id: values, expression: open.file.name in VALUES}\n  - {id: list, "
                 "expression: open.file.name in LIST}\n"
                 "  - {id: expr, expression: EXPR && open.flags > 0}\n");
    folder.write("b.policy",
                 "macros:\n  - {id: VALUES, combine: merge, values: [b]}\n  - {id: LIST, combine: "
                 "merge, expression: '[~\"b*\"]'}\n"
                 "  - {id: EXPR, combine: override, expression: open.flags == 2}\n  - {id: VALUES, "
                 "values: [c]}\n"
                 "  - {id: GONE, values: [x], agent_version: '< 7'}\n");
    const CompiledPolicies compiled = compile_folder(folder);
    CHECK(compiled.ok());
    CHECK(compiled.diagnostics.warnings() == 1);  // VALUES a third time
    secl::test::FakeEvent event;
    event.set_strings("open.file.name", {"b"});
    event.set_int("open.flags", 2);
    secl::test::FakeContext context(event);
    secl::EvalState state;
    CHECK(compiled.rule_set->evaluate(context.get(), state).matched.size() == 3);
    CHECK_THAT(diagnostics("macros:\n  - {id: E, expression: open.flags > 0}\n  - {id: E, combine: "
                           "merge, values: [x]}\n"
                           "rules:\n  - {id: a, expression: E && open.flags > 0}\n"),
               ContainsSubstring("cannot merge values into macro 'E'"));
}

}  // namespace vedette::policy
