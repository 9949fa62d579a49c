// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/expression.h"

#include "security-agent/secl/ip.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/support.h"

namespace vedette::secl::test {
namespace {

struct Value {
    ValueType type = ValueType::kInt;
    bool is_list = false;
    std::vector<std::string> strings;
    std::vector<int64_t> ints;
    bool pending = false;
    std::string diagnostics;
};

FakeEvent an_event() {
    FakeEvent event;
    event.set_strings("open.file.path", {"/etc/passwd"});
    event.set_int("open.flags", 6);
    event.set_strings("process.argv", {"-x", "y"});
    event.set_int("process.is_kworker", 1);
    for (const int64_t pid : {4, 5}) {
        event.ancestors.emplace_back();
        event.set_int("process.ancestors.pid", pid);
    }
    event.variables["num"].ints = {3};
    event.variables["process.names"].strings = {"a", "b"};
    return event;
}

Value value_of(const std::string& text, const FakeEvent& event = an_event(),
               EventTypeId type = kOpen) {
    const std::vector<MacroSource> macros = {macro("LIST", "[\"p\", \"q\"]"),
                                             macro("FLAGS", "open.flags & 2")};
    Compiler compiler(fake_table(), macros, fake_variables());
    const RuleSource source = rule("value", text);
    Diagnostics diagnostics;
    const auto expression = compiler.value(source, type, diagnostics);
    Value out;
    out.diagnostics = render(diagnostics);
    if (!expression) {
        return out;
    }
    FakeContext context(event);
    SlotValues values;
    expression->value(context.get(), values);
    out.type = expression->type();
    out.is_list = expression->is_list();
    out.strings.assign(values.strings.begin(), values.strings.end());
    out.ints.assign(values.ints.begin(), values.ints.end());
    out.pending = values.pending;
    return out;
}

using Strings = std::vector<std::string>;
using Ints = std::vector<int64_t>;

}  // namespace

TEST_CASE("the value of an expression of any type") {
    CHECK(value_of("open.flags").ints == Ints{6});
    CHECK(value_of("open.flags + ${num} - 1").ints == Ints{8});
    CHECK(value_of("FLAGS").ints == Ints{2});
    CHECK(value_of("O_CREAT").ints == Ints{64});
    CHECK(value_of("90s").ints == Ints{90'000'000'000});
    CHECK(value_of("open.flags == 6").ints == Ints{1});
    CHECK(value_of("open.flags == 6").type == ValueType::kBool);
    CHECK(value_of("process.is_kworker").ints == Ints{1});
    CHECK(value_of("process.is_kworker").type == ValueType::kBool);
    CHECK(value_of("!process.is_kworker").ints == Ints{0});
    CHECK(value_of("true").ints == Ints{1});
    CHECK(value_of("\"x\"").strings == Strings{"x"});
    CHECK(value_of("open.file.path").strings == Strings{"/etc/passwd"});
    CHECK(value_of("open.file.path.length").ints == Ints{11});
    CHECK(value_of("\"%{open.file.path}:${num}\"").strings == Strings{"/etc/passwd:3"});
    CHECK(value_of("10.0.0.1").strings == Strings{std::string("\x0a\0\0\1", 4)});
    CHECK(value_of("10.1.2.3/8").strings == Strings{std::string("\x0a\0\0\0\x08", 5)});
    CHECK(value_of("10.0.0.1").type == ValueType::kIp);
}

TEST_CASE("values that are lists say so") {
    CHECK(value_of("[\"a\", \"b\"]").strings == Strings{"a", "b"});
    CHECK(value_of("[\"a\", \"b\"]").is_list);
    CHECK_FALSE(value_of("\"a\"").is_list);
    CHECK(value_of("LIST").strings == Strings{"p", "q"});
    CHECK(value_of("[1, 2]").ints == Ints{1, 2});
    CHECK(value_of("[EPERM, EACCES]").ints == Ints{-1, -13});
    CHECK(value_of("[10.0.0.1, 10.0.0.0/30]").strings.size() == 2);
    CHECK(value_of("${process.names}").is_list);
    CHECK(value_of("${process.names}").strings == Strings{"a", "b"});
    CHECK(value_of("process.argv").strings == Strings{"-x", "y"});
    CHECK(value_of("process.argv[1]").strings == Strings{"y"});
    CHECK_FALSE(value_of("process.argv[1]").is_list);
    CHECK(value_of("process.ancestors.pid").ints == Ints{4, 5});
    CHECK(value_of("process.ancestors.pid + 1").ints == Ints{5, 6});
    CHECK(value_of("process.ancestors.pid + 1").is_list);
}

TEST_CASE("what is no value") {
    CHECK_THAT(value_of("~\"a*\"").diagnostics, ContainsSubstring("a pattern is no value"));
    CHECK_THAT(value_of("process.ancestors[A].pid").diagnostics,
               ContainsSubstring("a register stands only in conditions"));
    CHECK_THAT(value_of("exec.pid").diagnostics,
               ContainsSubstring("a field of 'exec' events, this is for 'open' events"));
    CHECK_THAT(value_of("[\"${num}\"]").diagnostics, ContainsSubstring("only plain strings"));
    CHECK_THAT(value_of("fim.write.file.path").diagnostics,
               ContainsSubstring("only in the expression of a rule"));
    CHECK_THAT(value_of("open.nope").diagnostics, ContainsSubstring("no known field"));
    CHECK(value_of("exec.pid", an_event(), kAnyEvent).diagnostics.empty());
}

TEST_CASE("a value that is not known yet is pending") {
    FakeEvent event = an_event();
    event.process.pending = true;
    CHECK(value_of("process.container.id", event).pending);
    CHECK(value_of("process.container.id == \"a\"", event).pending);
    CHECK(value_of("\"<%{process.container.id}>\"", event).pending);
    CHECK_FALSE(value_of("process.container.id == \"a\" && open.flags == 0", event).pending);
}

TEST_CASE("conditions of one event type") {
    Compiler compiler(fake_table(), {}, fake_variables());
    FakeEvent event = an_event();
    FakeContext context(event);
    Diagnostics diagnostics;
    const auto test = [&](const std::string& text) {
        const RuleSource source = rule("filter", text);
        const auto condition = compiler.condition(source, kOpen, diagnostics);
        return condition ? condition->test(context.get()) : Truth::kUnknown;
    };
    CHECK(test("open.file.path =~ \"/etc/*\"") == Truth::kTrue);
    CHECK(test("open.file.path not in [\"/a\", ~\"/b/**\"]") == Truth::kTrue);
    CHECK(test("process.argv in [r\"^-[a-z]$\"]") == Truth::kTrue);
    CHECK(test("process.argv in [r\"^-[A-Z]$\"]") == Truth::kFalse);
    CHECK(test("process.ancestors[A].pid == 5 && process.uid == 0") == Truth::kTrue);
    CHECK(test("${process.names} == \"b\"") == Truth::kTrue);
    CHECK(diagnostics.ok());
    CHECK(test("process.uid + 1") == Truth::kUnknown);
    CHECK_THAT(render(diagnostics), ContainsSubstring("expected a condition"));
}

TEST_CASE("every condition carries the text it was written as") {
    Compiler compiler(fake_table(), {}, fake_variables());
    const RuleSource source =
        rule("r", "open.flags == 1 && (open.file.name in [\"a\"] || !(process.uid > 2))");
    const CompiledRules compiled = compiler.rules({&source, 1});
    REQUIRE(compiled.bound.size() == 1);
    const auto text = [](const Condition& condition) {
        REQUIRE(condition.place.source != nullptr);
        const Span span = condition.place.span;
        return condition.place.source->text.substr(span.begin, span.end - span.begin);
    };
    const Condition& whole = compiled.bound[0].rule.condition;
    CHECK(text(whole) == source.expression.text);
    REQUIRE(whole.children.size() == 2);
    CHECK(text(whole.children[0]) == "open.flags == 1");
    const Condition& either = whole.children[1];
    CHECK(text(either) == "(open.file.name in [\"a\"] || !(process.uid > 2))");
    CHECK(text(either.children[0]) == "open.file.name in [\"a\"]");
    CHECK(text(either.children[1]) == "!(process.uid > 2)");
    CHECK(text(either.children[1].children[0]) == "(process.uid > 2)");
}

TEST_CASE("addresses and networks as bytes") {
    for (const char* text : {"10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::1", "fe80::/10",
                             "::/0", "10.1.2.3/32"}) {
        INFO(text);
        const IpRange range = *parse_network(text);
        const auto again = range_from_bytes(bytes_of(range));
        REQUIRE(again);
        CHECK(*again == range);
    }
    CHECK(ip_text(bytes_of(*parse_network("10.0.0.0/8"))) == "10.0.0.0/8");
    CHECK(ip_text(bytes_of(*parse_network("2001:db8::1"))) == "2001:db8::1");
    CHECK(ip_text("abc").empty());
    CHECK_FALSE(range_from_bytes(std::string("\x0a\0\0\0\x21", 5)));
}

}  // namespace vedette::secl::test
