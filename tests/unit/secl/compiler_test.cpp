// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/compiler.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>

#include "security-agent/secl/constants.h"
#include "security-agent/secl/ip.h"
#include "security-agent/secl/predicate_index.h"
#include "security-agent/secl/suggest.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/allocation_count.h"
#include "tests/unit/secl/support.h"

namespace vedette::secl::test {
namespace {

FakeEvent open_event() {
    FakeEvent event;
    event.set_strings("open.file.path", {"/usr/lib/x86_64-linux-gnu/libc.so.6"});
    event.set_strings("open.file.name", {"libc.so.6"});
    event.set_strings("open.file.extension", {".SO"});
    event.set_strings("process.file.path", {"/usr/bin/python3"});
    event.set_strings("process.argv", {"-m", "http.server"});
    for (int i = 0; i < 8; ++i) {
        event.ancestors.emplace_back();
        event.set_strings("process.ancestors.file.name", {"bash"});
    }
    return event;
}

std::vector<RuleSource> realistic_rules(int count) {
    std::vector<RuleSource> rules;
    for (int i = 0; i < count; ++i) {
        const std::string n = std::to_string(i);
        std::string text;
        switch (i % 5) {
            case 0:
                text = "open.file.path == \"/etc/secret" + n + "\" && open.flags & O_CREAT > 0";
                break;
            case 1:
                text = "open.file.path == ~\"/etc/dir" + n +
                       "/**\" && process.file.path not in [~\"/usr/bin/*\"]";
                break;
            case 2:
                text = "open.file.name == ~\"*.key" + n + "\" && process.uid != 0";
                break;
            case 3:
                text = "open.file.path in [\"/a" + n + "\", ~\"/home/*/.conf" + n +
                       "\"] && "
                       "process.ancestors.file.name in [\"sshd\", \"nginx\"]";
                break;
            default:
                text =
                    "open.file.path =~ \"/var/*/log" + n + "/*\" && process.argv not in [\"-x\"]";
                break;
        }
        rules.push_back(rule("rule_" + n, text));
    }
    return rules;
}

}  // namespace

TEST_CASE("rules that fail leave the others standing") {
    const std::vector<RuleSource> rules = {
        rule("good", "open.file.name == \"a\""), rule("bad", "open.file.nam == 1"),
        rule("other", "exec.file.name == \"a\""), rule("syntax", "open.file.name ==")};
    const CompiledRules compiled = compile_rules(rules, {}, fake_table());
    CHECK(compiled.outcomes[0].ok);
    CHECK(compiled.outcomes[0].event == kOpen);
    CHECK_FALSE(compiled.outcomes[1].ok);
    CHECK_THAT(compiled.outcomes[1].message, ContainsSubstring("'open.file.nam' is no known"));
    CHECK(compiled.outcomes[2].event == kExec);
    CHECK_FALSE(compiled.outcomes[3].message.empty());
    CHECK(compiled.diagnostics.errors() == 2);
    CHECK(std::vector<EventTypeId>(compiled.rules->event_types().begin(),
                                   compiled.rules->event_types().end()) ==
          std::vector<EventTypeId>{kExec, kOpen});

    FakeEvent event;
    event.set_strings("open.file.name", {"a"});
    FakeContext context(event);
    EvalState state;
    const auto matches = compiled.rules->evaluate(context.get(), state).matched;
    CHECK(std::vector<uint32_t>(matches.begin(), matches.end()) == std::vector<uint32_t>{0});
    event.type = kConnect;
    FakeContext connect(event);
    CHECK(compiled.rules->evaluate(connect.get(), state).matched.empty());
}

TEST_CASE("macros are expanded where they are used") {
    FakeEvent event;
    event.set_strings("open.file.path", {"/etc/shadow"});
    event.set_strings("open.file.name", {"shadow"});
    event.set_int("open.flags", 5);
    std::vector<MacroSource> macros = {
        macro("PATHS", "[\"/etc/shadow\", ~\"/root/**\"]"),
        macro("NUMBERS", "[1, 5]"),
        macro("TEST", "open.flags in NUMBERS && open.file.path in PATHS"),
        macro("PATTERN", "~\"sh*\""),
        macro("RANGE", "[10.0.0.0/8]"),
        macro("LOOP", "BACK || BACK"),
        macro("BACK", "LOOP")};
    MacroSource values;
    values.id = "VALUES";
    values.body = std::vector<std::string>{"shadow", "*"};
    macros.push_back(values);
    CHECK(evaluate("open.file.path in PATHS", event, macros).indexed);
    CHECK(evaluate("TEST", event, macros).indexed);
    CHECK_FALSE(evaluate("!TEST && open.flags > 0", event, macros).indexed);
    CHECK(evaluate("open.file.name == PATTERN", event, macros).indexed);
    CHECK(evaluate("open.file.name in VALUES", event, macros).indexed);
    event.set_strings("open.file.name", {"other"});
    CHECK_FALSE(evaluate("open.file.name in VALUES", event, macros)
                    .indexed);  // "*" there is a plain string
    // The same list is a path glob for one field and must be a pattern for the other.
    CHECK_THAT(evaluate("open.file.name in PATHS", event, macros).diagnostics,
               ContainsSubstring("'**' is for path fields only"));
    CHECK_THAT(evaluate("LOOP && open.flags > 0", event, macros).diagnostics,
               ContainsSubstring("uses itself"));
}

TEST_CASE("lists are merged into a list macro, and nothing else") {
    FakeEvent event;
    event.set_strings("open.file.name", {"c"});
    MacroSource list = macro("M", "[\"a\"]");
    list.merged.push_back(source_from_string("more", "[~\"c*\"]"));
    CHECK(evaluate("open.file.name in M", event, {&list, 1}).indexed);
    list.merged.push_back(source_from_string("numbers", "[1]"));
    CHECK_THAT(evaluate("open.file.name in M", event, {&list, 1}).diagnostics,
               ContainsSubstring("cannot merge"));
    MacroSource expression = macro("M", "open.flags > 0");
    expression.merged.push_back(source_from_string("more", "[\"c\"]"));
    CHECK_THAT(evaluate("M", event, {&expression, 1}).diagnostics,
               ContainsSubstring("cannot merge"));
}

TEST_CASE("macros that multiply are refused") {
    std::vector<MacroSource> macros = {macro("M0", "open.flags in [1, 2, 3, 4, 5, 6, 7, 8, 9]")};
    for (int i = 1; i < 40; ++i) {
        const std::string before = "M" + std::to_string(i - 1);
        macros.push_back(
            macro("M" + std::to_string(i), before + " && (" + before + " || " + before + ")"));
    }
    const Outcome outcome = evaluate("M39", {}, macros);
    CHECK_FALSE(outcome.compiled);
    CHECK_THAT(outcome.diagnostics, ContainsSubstring("too"));
}

TEST_CASE("equal tests of different rules are one predicate") {
    const std::vector<RuleSource> rules = {
        rule("a", "open.file.name in [\"x\", \"y\"] && process.uid > 0"),
        rule("b", "process.uid > 0 && open.file.name in [\"y\", \"x\", \"y\"]"),
        rule("c", "!(open.file.name in [\"x\", \"y\"]) && process.uid > 0")};
    const CompiledRules compiled = compile_rules(rules, {}, fake_table());
    const PredicateIndex* index = compiled.rules->index(kOpen);
    REQUIRE(index != nullptr);
    CHECK(index->predicates.size() == 2);
    CHECK(index->slots.size() == 2);
    CHECK(index->rules[0].root == index->rules[1].root);
}

TEST_CASE("rules are guarded by what rarely holds") {
    const CompiledRules compiled = compile_rules(realistic_rules(300), {}, fake_table());
    CHECK(compiled.diagnostics.ok());
    const PredicateIndex* index = compiled.rules->index(kOpen);
    REQUIRE(index != nullptr);
    CHECK(index->unguarded.empty());
    CHECK(index->guard_slots.size() == 2);  // open.file.path and open.file.name
    CHECK(index->guard_predicates.empty());
    const CompiledRules negative =
        compile_rules({{rule("n", "open.file.name != \"x\"")}}, {}, fake_table());
    CHECK(negative.rules->index(kOpen)->unguarded.size() == 1);
}

TEST_CASE("an event that matches nothing allocates nothing") {
    const CompiledRules compiled = compile_rules(realistic_rules(300), {}, fake_table());
    EvalState state;
    const FakeEvent event = open_event();
    FakeContext context(event);
    REQUIRE(compiled.rules->evaluate(context.get(), state).matched.empty());
    size_t matched = 0;
    const size_t before = allocation_count();
    for (int i = 0; i < 1000; ++i) {
        context.release();
        matched += compiled.rules->evaluate(context.get(), state).matched.size();
    }
    CHECK(allocation_count() == before);
    CHECK(matched == 0);
}

TEST_CASE("a rule for fim.write has one number, and says one thing once") {
    Compiler compiler(fake_table(), {}, fake_variables());
    const std::vector<RuleSource> rules = {
        rule("bad", "fim.write.file.path == \"x\""),
        rule("warned", "fim.write.file.path == \"/x\" && ${text} == 1"),
        rule("fim", "fim.write.file.name == \"\" && process.uid == 0")};
    const CompiledRules compiled = compiler.rules(rules);
    CHECK(compiled.diagnostics.errors() == 1);
    CHECK(compiled.diagnostics.warnings() ==
          2);  // of the comparison, and that the rule is never true
    CHECK(compiled.outcomes[2].event == kOpen);
    CHECK(std::count_if(compiled.bound.begin(), compiled.bound.end(),
                        [](const NumberedRule& r) { return r.number == 2; }) == 8);
    CHECK(compiled.rules->event_types().size() == 7);
    FakeEvent event;
    event.type = static_cast<EventTypeId>(kFirstFimEvent + 3);  // rename: both names are ""
    FakeContext context(event);
    EvalState state;
    const auto matches = compiled.rules->evaluate(context.get(), state).matched;
    CHECK(std::vector<uint32_t>(matches.begin(), matches.end()) == std::vector<uint32_t>{2});

    const std::vector<MacroSource> macros = {macro("M", "fim.write.file.path == \"/x\"")};
    CHECK_THAT(diagnose("M", macros), ContainsSubstring("fim.write may not stand in a macro"));
}

TEST_CASE("a thousand networks are looked up together") {
    std::vector<RuleSource> rules;
    for (int i = 0; i < 1000; ++i) {
        rules.push_back(rule("n", "connect.addr.ip in [10." + std::to_string(i / 250) + "." +
                                      std::to_string(i % 250) + ".0/24, 192.168.0." +
                                      std::to_string(i % 250) + "]"));
    }
    const CompiledRules compiled = compile_rules(rules, {}, fake_table());
    const PredicateIndex* index = compiled.rules->index(kConnect);
    REQUIRE(index != nullptr);
    CHECK(index->guard_predicates.empty());
    CHECK(index->unguarded.empty());
    FakeEvent event;
    event.type = kConnect;
    event.set_strings("connect.addr.ip", {ip_bytes("10.2.7.9")});
    EvalState state;
    FakeContext one(event);
    const auto matches = compiled.rules->evaluate(one.get(), state).matched;
    CHECK(std::vector<uint32_t>(matches.begin(), matches.end()) == std::vector<uint32_t>{507});
    event.set_strings("connect.addr.ip", {ip_bytes("192.168.0.3")});
    FakeContext four(event);
    CHECK(compiled.rules->evaluate(four.get(), state).matched.size() == 4);
}

TEST_CASE("the cost of each rule that was not ruled out at once is told") {
    struct Costs : CostObserver {
        void evaluated(uint32_t rule, int64_t nanoseconds) override {
            rules.push_back(rule);
            negative += nanoseconds < 0 ? 1 : 0;
        }
        std::vector<uint32_t> rules;
        int negative = 0;
    };
    const CompiledRules compiled =
        compile_rules({{rule("no", "open.file.name == \"x\""),
                        rule("guard", "open.file.name == \"a\" && open.flags == 1"),
                        rule("yes", "open.file.name != \"x\"")}},
                      {}, fake_table());
    FakeEvent event;
    event.set_strings("open.file.name", {"a"});
    FakeContext context(event);
    EvalState state;
    Costs costs;
    const auto matches = compiled.rules->evaluate(context.get(), state, &costs).matched;
    CHECK(std::vector<uint32_t>(matches.begin(), matches.end()) == std::vector<uint32_t>{2});
    CHECK(costs.rules == std::vector<uint32_t>{1, 2});
    CHECK(costs.negative == 0);
}

TEST_CASE("a state serves any rule set") {
    EvalState state;
    FakeEvent event;
    event.set_strings("open.file.name", {"a"});
    FakeContext context(event);
    for (int i = 0; i < 20; ++i) {
        const bool matches = i % 2 == 0;
        const CompiledRules compiled = compile_rules(
            {{rule("r", matches ? "open.file.name == \"a\"" : "open.file.name == \"b\"")}}, {},
            fake_table());
        CHECK(compiled.rules->evaluate(context.get(), state).matched.size() == (matches ? 1U : 0U));
    }
}

TEST_CASE("a condition without an event type") {
    Diagnostics diagnostics;
    const auto condition =
        compile_condition(rule("c", "process.uid == 7"), fake_table(), diagnostics);
    REQUIRE(condition);
    FakeEvent event;
    event.type = kAnyEvent;
    event.set_int("process.uid", 7);
    EvalState state;
    FakeContext seven(event);
    CHECK(condition->evaluate(seven.get(), state).matched.size() == 1);
    CHECK(compile_condition(rule("c", "process.uidd == 7"), fake_table(), diagnostics) == nullptr);
    CHECK(diagnostics.errors() == 1);
}

TEST_CASE("constants have the values of the system") {
    const auto value = [](const char* name) {
        const Constant* constant = find_constant(name);
        REQUIRE(constant != nullptr);
        return constant->value;
    };
    CHECK(value("EACCES") == -13);
    CHECK(value("ENOTSUP") == -95);
    CHECK(value("O_CREAT") == 0100);
    CHECK(value("O_RDONLY") == 0);
    CHECK(value("S_ISUID") == 04000);
    CHECK(value("S_IFREG") == 0100000);
    CHECK(value("CAP_SYS_ADMIN") == 1 << 21);
    CHECK(value("CAP_CHECKPOINT_RESTORE") == int64_t{1} << 40);
    CHECK(value("SIGKILL") == 9);
    CHECK(value("SIGCHLD") == 17);
    CHECK(value("AF_INET6") == 10);
    CHECK(value("IPPROTO_TCP") == 6);
    CHECK(value("SIGNALED") == 2);
    CHECK(value("AUDIT_AUID_UNSET") == 4294967295);
    CHECK(value("CLONE_NEWUSER") == 0x10000000);
    CHECK(value("BPF_MAP_CREATE") == 0);
    CHECK(find_constant("true")->is_bool);
    CHECK(find_constant("O_NOPE") == nullptr);
    size_t families = 0;
    for (const Constant& constant : constants()) {
        families += constant.family == "errno" ? 1 : 0;
    }
    CHECK(families >= 130);
}

TEST_CASE("networks") {
    CHECK(parse_network("10.0.0.0/8")->last == *parse_ip("10.255.255.255"));
    CHECK(parse_network("::ffff:10.0.0.0/104")->first == *parse_ip("10.0.0.0"));
    CHECK_FALSE(parse_network("10.0.0.0/33"));
    CHECK_FALSE(parse_network("10.0.0.0/"));
    const auto all = normalise(
        {*parse_network("10.1.0.0/16"), *parse_network("10.0.0.0/16"), *parse_network("::/0")});
    CHECK(all.size() == 1);
    const auto two = normalise({*parse_network("10.0.0.0/16"), *parse_network("10.1.0.0/16"),
                                *parse_network("10.3.0.0/16")});
    REQUIRE(two.size() == 2);
    CHECK(contains(two, *parse_ip("10.1.255.255")));
    CHECK_FALSE(contains(two, *parse_ip("10.2.0.0")));
    CHECK(contains(two, *parse_ip("10.3.0.1")));
    CHECK_FALSE(ip_from_bytes("abc"));
}

TEST_CASE("suggestions are near or none") {
    CHECK(edit_distance("open", "opne", 3) == 1);
    CHECK(edit_distance("abc", "xyz", 1) == 2);
    Suggestion suggestion("open.file.pth");
    suggestion.consider("open.file.name");
    suggestion.consider("open.file.path");
    CHECK(suggestion.hint() == "did you mean 'open.file.path'?");
    Suggestion far("zzzzzzzz");
    far.consider("open.file.path");
    CHECK(far.hint().empty());
}

// Not a test of speed: run with [.bench] to see the numbers.
TEST_CASE("time of an open event that matches nothing", "[.bench]") {
    for (const int count : {10, 100, 300, 1000, 10000}) {
        const std::vector<RuleSource> rules = realistic_rules(count);
        const size_t memory = mallinfo2().uordblks;
        const auto start = std::chrono::steady_clock::now();
        CompiledRules compiled = compile_rules(rules, {}, fake_table());
        const size_t with_bound = mallinfo2().uordblks - memory;
        std::vector<NumberedRule>().swap(compiled.bound);
        const size_t without = mallinfo2().uordblks - memory;
        const auto compile_time = std::chrono::steady_clock::now() - start;
        EvalState state;
        const FakeEvent event = open_event();
        FakeContext context(event);
        constexpr int kEvents = 200'000;
        size_t matched = 0;
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < kEvents; ++i) {
            context.release();
            matched += compiled.rules->evaluate(context.get(), state).matched.size();
        }
        const auto spent = std::chrono::steady_clock::now() - begin;
        const auto compile_us =
            std::chrono::duration_cast<std::chrono::microseconds>(compile_time).count();
        const auto spent_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count();
        WARN(count << " rules: compiled in " << compile_us << " us; " << spent_ns / kEvents
                   << " ns per event; " << without / 1024 << " KiB, with the bound rules "
                   << with_bound / 1024);
        CHECK(matched == 0);
    }
}

}  // namespace vedette::secl::test
