// SPDX-License-Identifier: Apache-2.0
//
// Every kind of action: its keys, what is refused, what the engine is given.
#include "security-agent/policy/action.h"

#include <csignal>

#include "tests/unit/policy/support.h"

namespace vedette::policy {

using namespace test;

namespace {

std::string with_actions(const std::string& actions,
                         const std::string& expression = "open.flags > 0") {
    return "rules:\n  - id: a\n    expression: " + expression + "\n    actions:\n" + actions;
}

}  // namespace

TEST_CASE("actions are compiled in the order of the file") {
    const CompiledPolicies compiled = compile(with_actions(R"(
      - set: {name: seen, value: 5, scope: process, ttl: 3600000000000, inherited: true, private: true}
      - set: {name: list, field: process.file.path, append: true, size: 10, ttl: 1h, scope: cgroup}
        filter: open.file.name == "x"
      - set: {name: sum, expression: open.flags > 1, default_value: false}
      - kill: {signal: SIGTERM, scope: container, disable_container_disarmer: true}
      - hash:
      - log: {level: warning, message: hello}
      - coredump: {process: true, no_compression: true}
      - network_filter: {filter: port 53, policy: drop, scope: cgroup}
      - hash: {field: process.file, max_file_size: 4096}
)"));
    INFO(secl::render(compiled.diagnostics));
    REQUIRE(compiled.diagnostics.ok());
    const std::vector<Action>& actions = rule(compiled, "a").actions;
    REQUIRE(actions.size() == 9);
    std::string kinds;
    for (const Action& action : actions) {
        kinds += std::string(kind_of(action)) + " ";
    }
    CHECK(kinds == "set set set kill hash log coredump network_filter hash ");

    const auto& seen = std::get<SetAction>(actions[0].what);
    CHECK(seen.value.ints == std::vector<int64_t>{5});
    CHECK_FALSE(seen.append);
    CHECK(seen.source == nullptr);
    const auto& list = std::get<SetAction>(actions[1].what);
    CHECK(list.append);
    CHECK(list.source != nullptr);
    CHECK(actions[1].filter != nullptr);
    CHECK(actions[0].filter == nullptr);
    const auto& kill = std::get<KillAction>(actions[3].what);
    CHECK(kill.signal == SIGTERM);
    CHECK(kill.scope == secl::Scope::kContainer);
    CHECK(kill.disable_container_disarmer);
    CHECK_FALSE(kill.disable_executable_disarmer);
    CHECK(std::get<HashAction>(actions[4].what).field == "open.file");
    CHECK(std::get<LogAction>(actions[5].what).level == LogAction::Level::kWarning);
    CHECK(std::get<LogAction>(actions[5].what).message == "hello");
    CHECK(std::get<CoreDumpAction>(actions[6].what).process);
    CHECK(std::get<CoreDumpAction>(actions[6].what).no_compression);
    CHECK(std::get<NetworkFilterAction>(actions[7].what).filter == "port 53");
    CHECK(std::get<NetworkFilterAction>(actions[7].what).scope == secl::Scope::kCgroup);
    CHECK(std::get<HashAction>(actions[8].what).field == "process.file");
    CHECK(std::get<HashAction>(actions[8].what).max_file_size == 4096);
}

TEST_CASE("one warning per rule says what is not performed; set, log and hash are") {
    const CompiledPolicies compiled =
        compile(with_actions("      - kill: {signal: SIGKILL}\n      - coredump: {process: true}\n"
                             "      - kill: {signal: SIGTERM}\n      - hash: {}\n"
                             "      - log: {level: info}\n      - set: {name: x, value: 1}\n"));
    CHECK(compiled.diagnostics.warnings() == 1);
    CHECK_THAT(secl::render(compiled.diagnostics),
               ContainsSubstring("actions that are not performed yet: coredump, kill [a]"));
    CHECK(compile(with_actions("      - log: {level: info}\n      - set: {name: x, value: 1}\n"))
              .diagnostics.items()
              .empty());
}

TEST_CASE("filters and values of actions see the rule's event") {
    const CompiledPolicies compiled = compile(R"(
macros: [{id: NAMES, values: [passwd]}]
rules:
  - id: a
    expression: open.flags > 0
    actions:
      - set: {name: name, field: open.file.name}
        filter: open.file.name in NAMES
)");
    REQUIRE(compiled.diagnostics.ok());
    const Action& action = rule(compiled, "a").actions.front();
    secl::test::FakeEvent event;
    event.set_strings("open.file.name", {"passwd"});
    const secl::test::FakeContext context(event);
    CHECK(action.filter->test(context.get()) == secl::Truth::kTrue);
    secl::SlotValues values;
    std::get<SetAction>(action.what).source->value(context.get(), values);
    REQUIRE(values.strings.size() == 1);
    CHECK(values.strings.front() == "passwd");
    event.set_strings("open.file.name", {"other"});
    CHECK(action.filter->test(secl::test::FakeContext(event).get()) == secl::Truth::kFalse);
}

TEST_CASE("mistakes in actions are errors of their rule") {
    const auto refused = [](const std::string& actions, const char* message) {
        const CompiledPolicies compiled = compile(with_actions(actions));
        INFO(actions);
        CHECK_THAT(secl::render(compiled.diagnostics), ContainsSubstring(message));
        CHECK(compiled.rules.empty());
        CHECK(report(compiled, "test.policy", "a").status == RuleStatus::kError);
        CHECK_FALSE(report(compiled, "test.policy", "a").message.empty());
    };
    refused("      - set: {name: a b, value: 1}\n", "is no variable name");
    refused("      - set: {value: 1}\n", "needs a 'name'");
    refused("      - set: {name: x}\n", "exactly one of 'value', 'field' and 'expression'");
    refused("      - set: {name: x, value: 1, field: open.flags}\n",
            "exactly one of 'value', 'field' and 'expression'");
    refused("      - set: {name: x, expression: open.flags > 0}\n", "'default_value' of its type");
    refused("      - set: {name: x, value: 1, inherited: true}\n", "scope: process only");
    refused("      - set: {name: x, value: 1, scope_field: process.pid}\n", "scope: process only");
    refused("      - set: {name: x, value: 1, scope: host}\n", "'scope' cannot be 'host'");
    refused("      - set: {name: x, value: 1, size: 0}\n", "'size' must be between");
    refused("      - set: {name: x, value: 1, ttl: soon}\n", "'ttl' must be a duration");
    refused("      - set: {name: x, value: 1.5}\n", "'value' must be a whole number");
    refused("      - set: {name: x, value: []}\n", "'value' is empty");
    refused("      - set: {name: x, value: [1, a]}\n", "'value' mixes a number with a string");
    refused("      - set: {name: x, value: {a: b}}\n", "'value' must be a string, a number");
    refused("      - set: {name: x, value: 1, tll: 5s}\n", "did you mean 'ttl'?");
    refused("      - set: {name: x, field: open.nope}\n", "'open.nope' is no field");
    refused("      - set: {name: x, field: connect.addr.port}\n", "connect");
    refused("      - set: {name: x, field: process.argv}\n", "'process.argv' has several values");
    refused("      - set: {name: x, field: process.ancestors.pid}\n", "has several values");
    refused("      - set: {name: x, field: 'process.ancestors[A].pid'}\n",
            "registers have no place");
    refused("      - set: {name: x, expression: open.flags, default_value: a}\n",
            "the expression gives a number, its 'default_value' is a string");
    refused("      - set: {name: x, expression: open.nope, default_value: 1}\n", "'open.nope'");
    refused("      - set: {name: x, scope: process, value: 1, scope_field: process.file.name}\n",
            "'scope_field' must be one number");
    refused("      - kill: {}\n", "needs a 'signal'");
    refused("      - kill: {signal: SIGNOPE}\n", "'SIGNOPE' is no signal");
    refused("      - kill: {signal: EPERM}\n", "'EPERM' is no signal");
    refused("      - kill: {signal: 9}\n", "'9' is no signal");
    refused("      - kill: {signal: SIGKILL, scope: host}\n", "'scope' cannot be 'host'");
    refused("      - kil: {signal: SIGKILL}\n", "did you mean 'kill'?");
    refused("      - {}\n", "an action is exactly one of");
    refused("      - {log: {level: info}, hash: {}}\n", "an action is exactly one of");
    refused("      - kill\n", "an action is a map");
    refused("      - log: {message: x}\n", "needs a 'level'");
    refused("      - log: {level: loud}\n", "'level' cannot be 'loud'");
    refused("      - log: {level: info}\n        filter: open.nope == 1\n",
            "'open.nope' is no known");
    refused("      - log: {level: info}\n        filter: connect.addr.port == 1\n", "connect");
    refused("      - coredump: {}\n", "needs one of 'process', 'mount' and 'dentry'");
    refused("      - network_filter: {filter: ' '}\n", "needs a 'filter'");
    refused("      - network_filter: {filter: port 53, scope: container}\n",
            "'scope' cannot be 'container'");
    refused("      - hash: {field: process.uid}\n", "'process.uid' is no file");
    refused("      - hash: {field: process.ancestors.file}\n", "is not one file");
    refused("      - hash: {max_file_size: -1}\n", "must not be negative");
}

TEST_CASE("a hash of what has no file of its own needs a field") {
    const std::string connect = "connect.addr.port == 1";
    CHECK_THAT(diagnostics(with_actions("      - hash: {}\n", connect)),
               ContainsSubstring("a 'hash' action needs a 'field' in this rule"));
    CHECK(compile(with_actions("      - hash: {field: process.file}\n", connect)).ok());
    CHECK_THAT(diagnostics(with_actions("      - hash: {field: open.file}\n", connect)),
               ContainsSubstring("'open.file' is a file of open events"));
}

TEST_CASE("an error in one action leaves the other rules, with their numbers") {
    const CompiledPolicies compiled = compile(R"(
rules:
  - {id: a, expression: open.flags > 0, actions: [{set: {name: x, field: open.nope}}]}
  - {id: b, expression: open.flags > 0}
  - {id: c, expression: open.nope > 0}
  - {id: d, expression: open.flags > 5}
)");
    CHECK(rule_ids(compiled) == std::vector<std::string>{"b", "d"});
    secl::test::FakeEvent event;
    event.set_int("open.flags", 9);
    secl::EvalState state;
    const secl::test::FakeContext context(event);
    const auto matched = compiled.rule_set->evaluate(context.get(), state).matched;
    CHECK(std::vector<uint32_t>(matched.begin(), matched.end()) == std::vector<uint32_t>{0, 1});
    CHECK(compiled.sources->rules[1].id == "d");
}

TEST_CASE("limiter tokens are fields of the rule's event") {
    const auto token = [](const std::string& field) {
        return compile("rules:\n  - {id: a, expression: open.flags > 0, limiter_token: ['" + field +
                       "']}\n");
    };
    const CompiledPolicies good = token("open.file.path");
    CHECK(good.ok());
    REQUIRE(rule(good, "a").limiter_fields.size() == 1);
    CHECK(rule(good, "a").limiter_fields[0].field->name == "open.file.path");
    CHECK(rule(good, "a").limiter_token == std::vector<std::string>{"open.file.path"});
    CHECK_THAT(
        secl::render(token("connect.addr.port").diagnostics),
        ContainsSubstring("limiter_token: 'connect.addr.port' is a field of connect events"));
    CHECK_THAT(secl::render(token("open.fil.path").diagnostics),
               ContainsSubstring("did you mean 'open.file.path'?"));
    CHECK(token("process.ancestors[A].pid").rules.empty());
}

}  // namespace vedette::policy
