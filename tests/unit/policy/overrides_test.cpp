// SPDX-License-Identifier: Apache-2.0
//
// What files say of each other's rules and policies.
#include <algorithm>

#include "tests/unit/policy/support.h"

namespace vedette::policy {

using namespace test;

TEST_CASE("overrides") {
    const Folder folder;
    folder.write("default.policy",
                 "rules:\n  - {id: kept, expression: open.flags > 0, tags: {a: b}}\n"
                 "  - {id: asked, expression: open.flags > 0}\n"
                 "  - {id: off, expression: open.flags > 0, disabled: true}\n");
    folder.write("x.policy", "rules:\n  - {id: custom, expression: open.flags > 0}\n");
    folder.write("y.policy", R"(
rules:
  - {id: kept, combine: override, expression: open.flags > 5, override_options: {fields: [all]}, tags: {c: d}, every: 5s}
  - {id: asked, combine: override, expression: open.flags > 5, override_options: {fields: [expression]}}
  - {id: off, disabled: false}
  - {id: custom, combine: override, expression: open.flags > 5}
  - {id: nobody, combine: override}
)");
    const CompiledPolicies compiled = compile_folder(folder);
    const auto rule = [&](std::string_view id) {
        const auto it = std::find_if(compiled.rules.begin(), compiled.rules.end(),
                                     [&](const RuleInfo& r) { return r.id == id; });
        REQUIRE(it != compiled.rules.end());
        return *it;
    };
    CHECK(rule("kept").expression == "open.flags > 0");
    CHECK(rule("kept").tags.front().first == "c");
    CHECK(rule("kept").every_ns == 5'000'000'000);
    CHECK(rule("asked").expression == "open.flags > 5");
    CHECK(rule("off").expression == "open.flags > 0");
    CHECK(rule("custom").expression == "open.flags > 5");
    CHECK(report(compiled, "y.policy", "kept").message == "changes the rule of default.policy");
    CHECK(report(compiled, "y.policy", "nobody").status == RuleStatus::kError);
}

TEST_CASE("an override adds the actions that the rule does not have") {
    const CompiledPolicies compiled = compile_files(
        {{"default.policy",
          "rules:\n  - {id: a, expression: open.flags > 0, actions: [{log: {level: "
          "info, message: x}}, {hash: {}}]}\n"},
         {"x.policy",
          "rules:\n  - {id: a, combine: override, override_options: {fields: [actions]}, actions: "
          "[{log: {message: x, level: info}}, {log: {level: error}}, {set: {name: v, value: "
          "1}}]}\n"}});
    INFO(secl::render(compiled.diagnostics));
    std::string kinds;
    for (const Action& action : rule(compiled, "a").actions) {
        kinds += std::string(kind_of(action)) + " ";
    }
    CHECK(kinds == "log hash log set ");
    CHECK(compiled.variables->find("v"));
    const RuleReport& base = report(compiled, "default.policy", "a");
    CHECK(base.actions.size() == 4);
    CHECK(base.modified_by == std::vector<uint32_t>{1});
}

TEST_CASE("an override replaces what its options name, and nothing else") {
    const auto with = [](const std::string& fields) {
        return compile_files(
            {{"a.policy",
              "rules:\n  - {id: a, expression: open.flags > 0, tags: {x: y}, "
              "product_tags: [p], every: 1s, description: first, priority: 1}\n"},
             {"b.policy", "rules:\n  - {id: a, combine: override, override_options: {fields: [" +
                              fields +
                              "]}, expression: open.flags > 5, tags: {x: z}, product_tags: [q], "
                              "every: 2s, description: second, priority: 2, silent: true}\n"}});
    };
    const auto describe = [&](const std::string& fields) {
        const CompiledPolicies compiled = with(fields);
        const RuleInfo& a = rule(compiled, "a");
        return a.expression.substr(11) + " " + a.tags[0].second + " " + a.product_tags[0] + " " +
               std::to_string(a.every_ns / 1'000'000'000) + " " + a.description + " " +
               std::to_string(a.priority) + (a.silent ? " silent" : "");
    };
    CHECK(describe("") == "> 5 y p 1 first 1");
    CHECK(describe("expression") == "> 5 y p 1 first 1");
    CHECK(describe("tags") == "> 0 z p 1 first 1");
    CHECK(describe("product_tags") == "> 0 y q 1 first 1");
    CHECK(describe("every") == "> 0 y p 2 first 1");
    CHECK(describe("tags, every") == "> 0 z p 2 first 1");
    CHECK(describe("all") == "> 5 z q 2 second 2 silent");
}

TEST_CASE("duplicates: the first definition counts, and the warning names both places") {
    const CompiledPolicies compiled = compile_files(
        {{"a.policy",
          "macros:\n  - {id: M, values: [a]}\nrules:\n  - {id: r, expression: open.flags "
          "> 0}\n"},
         {"b.policy",
          "macros:\n  - {id: M, values: [b]}\nrules:\n\n  - {id: r, expression: "
          "open.flags > 5}\n"}});
    const std::string text = secl::render(compiled.diagnostics);
    CHECK_THAT(text, ContainsSubstring("b.policy:2:5: warning: macro 'M' is already defined at "
                                       "a.policy:2: the first definition counts"));
    CHECK_THAT(text, ContainsSubstring("b.policy:5:5: warning: rule 'r' is already defined at "
                                       "a.policy:4: the first definition counts"));
    CHECK(rule(compiled, "r").expression == "open.flags > 0");
    CHECK_THAT(diagnostics("macros: [{id: O_CREAT, values: [a]}]\n"),
               ContainsSubstring("macro 'O_CREAT' is never used: a constant of the language has"));
}

TEST_CASE("a policy that stands in for another") {
    const auto file = [](const std::string& id, const std::string& replaces = {}) {
        return (replaces.empty() ? "" : "replace_policy_id: " + replaces + "\n") +
               "rules:\n  - {id: " + id + ", expression: open.flags > 0}\n";
    };
    using Ids = std::vector<std::string>;
    const CompiledPolicies one = compile_files({{"default.policy", file("d")},
                                                {"a.policy", file("a", "default")},
                                                {"b.policy", file("b")}});
    CHECK(one.ok());
    CHECK(rule_ids(one) == Ids{"a", "b"});
    CHECK(one.policies[0].message == "replaced by a.policy");
    CHECK(report(one, "default.policy", "d").status == RuleStatus::kFiltered);
    CHECK(report(one, "default.policy", "d").message == "replaced by a.policy");
    CHECK(rule_ids(compile_files({{"a.policy", file("a", "b.policy")}, {"b.policy", file("b")}})) ==
          Ids{"a"});

    const CompiledPolicies chain = compile_files(
        {{"a.policy", file("a", "b")}, {"b.policy", file("b", "c")}, {"c.policy", file("c")}});
    CHECK(rule_ids(chain) == Ids{"a", "c"});  // what is replaced replaces nothing
    const CompiledPolicies back = compile_files(
        {{"a.policy", file("a")}, {"b.policy", file("b", "a")}, {"c.policy", file("c", "b")}});
    CHECK(rule_ids(back) == Ids{"a", "c"});

    const CompiledPolicies unknown = compile_files({{"a.policy", file("a", "nowhere")}});
    CHECK(rule_ids(unknown) == Ids{"a"});
    CHECK_THAT(secl::render(unknown.diagnostics),
               ContainsSubstring("there is no policy 'nowhere' to replace"));
    const CompiledPolicies circle =
        compile_files({{"a.policy", file("a", "b")}, {"b.policy", file("b", "a")}});
    CHECK(rule_ids(circle) == Ids{"a", "b"});
    CHECK_THAT(secl::render(circle.diagnostics),
               ContainsSubstring("'a.policy' and 'b.policy' replace each other"));
    CHECK_THAT(diagnostics(file("a", "test")), ContainsSubstring("cannot replace itself"));
    const CompiledPolicies broken = compile_files(
        {{"a.policy", "replace_policy_id: b\nversion: 1\n"}, {"b.policy", file("b")}});
    CHECK(rule_ids(broken) == Ids{"b"});  // an empty policy replaces nothing
}

TEST_CASE("why a rule is not in force has a type") {
    const CompiledPolicies compiled = compile(R"(
rules:
  - {id: version, expression: open.flags > 0, agent_version: "< 7"}
  - {id: host, expression: open.flags > 0, filters: [os == "windows"]}
  - {id: syntax, expression: open.flags > > 0}
  - {id: name, expression: open.nope > 0}
  - {id: key, expression: open.flags > 0, nope: 1}
  - {id: fine, expression: open.flags > 0}
)");
    const auto type = [&](std::string_view id) {
        return to_string(report(compiled, "test.policy", id).error);
    };
    CHECK(type("version") == "agent_version_error");
    CHECK(type("host") == "agent_filter_error");
    CHECK(type("syntax") == "syntax_error");
    CHECK(type("name") == "error");
    CHECK(type("key") == "error");
    CHECK(type("fine").empty());
}

}  // namespace vedette::policy
