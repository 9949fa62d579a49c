// SPDX-License-Identifier: Apache-2.0
//
// Explanations as a person sees them: tests/golden/secl/explain.txt holds expressions, each after a line "---",
// followed by "=>" and what is printed about one event.
#include "security-agent/secl/explain.h"

#include <boost/json/serialize.hpp>

#include "security-agent/secl/bound_eval.h"
#include "security-agent/secl/explain_values.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/named_fields.h"
#include "tests/unit/secl/random_rules.h"
#include "tests/unit/secl/support.h"

namespace vedette::secl::test {
namespace {

NamedEvent shadow_event() {
    NamedEvent event("open");
    event.set("open.file.path", "/etc/shadow")
        .set("open.file.name", "shadow")
        .set("open.flags", 0x80441)
        .set("open.retval", -13)
        .set("process.file.path", "/usr/bin/vim\x1b[2J\xff")
        .set("process.file.name", "vim")
        .set("process.args", std::string(300, 'x'))
        .set("process.created_at", 1'699'999'999'000'000'000)
        .set("process.argv", std::vector<std::string>(14, "-v"));
    event.ancestor().set("process.ancestors.file.name", "bash").set("process.ancestors.uid", 7);
    event.ancestor().set("process.ancestors.file.name", "sshd").set("process.ancestors.uid", 5);
    return event;
}

Explained explained(const std::string& expression) {
    static const std::vector<MacroSource> kMacros = {
        macro("EDITORS", R"(["/usr/bin/nano", ~"/usr/bin/vi*"])"),
        macro("REMOTE", R"(process.ancestors.file.name == "sshd" || process.uid == 1)")};
    const RuleSource source = rule("rule", expression);
    const CompiledRules compiled = compile_rules({&source, 1}, kMacros, named_table());
    INFO(render(compiled.diagnostics));
    REQUIRE(compiled.bound.size() == 1);
    NamedEvent event = shadow_event();
    return explain(compiled.bound.front().rule, event.context());
}

}  // namespace

TEST_CASE("explanations read as in the golden file") {
    check_golden("explain", 15, [](const std::string& expression) {
        return render(explained(expression), false);
    });
}

TEST_CASE("an explanation as JSON") {
    const std::string json = boost::json::serialize(to_json(
        explained(R"(open.file.name == "shadow" && process.ancestors[A].file.name == "init")")));
    CHECK(
        json ==
        R"({"op":"and","text":"open.file.name == \"shadow\" && process.ancestors[A].file.name == \"init\"",)"
        R"("result":"false","decisive":true,"children":[)"
        R"({"op":"test","text":"open.file.name == \"shadow\"","result":"true","decisive":false,)"
        R"("reads":[{"field":"open.file.name","values":["\"shadow\""]}],"matched":"\"shadow\""},)"
        R"({"op":"some","text":"process.ancestors[A].file.name == \"init\"","result":"false",)"
        R"("decisive":true,"register":"A","elements":2,"element":0,"children":[)"
        R"({"op":"test","text":"process.ancestors[A].file.name == \"init\"","result":"false",)"
        R"("decisive":true,"reads":[{"field":"process.ancestors.file.name",)"
        R"("values":["\"bash\""],"element":0}]}]}]})");
}

TEST_CASE("colours say true and false, and nothing of the event reaches the terminal raw") {
    const std::string text =
        render(explained(R"(open.file.name == "shadow" && process.file.path == "/x")"), true);
    CHECK_THAT(text, ContainsSubstring("\x1b[32mtrue"));
    CHECK_THAT(text, ContainsSubstring("\x1b[31mfalse"));
    CHECK(text.find("\x1b[2J") == std::string::npos);
    CHECK(text.find('\xff') == std::string::npos);
}

TEST_CASE("an explanation comes to what the evaluator says") {
    size_t matched = 0;
    for (uint32_t seed = 1; seed <= 300; ++seed) {
        RandomRules random(seed);
        const RuleSource source = rule("rule", random.rule());
        const std::vector<MacroSource> macros = {
            macro("MACRO_LIST", R"(["a", ~"b*", "bash"])"),
            macro("MACRO_EXPR", R"(process.uid == 1 || process.ancestors.file.name == "bash")")};
        const CompiledRules compiled = compile_rules({&source, 1}, macros, fake_table());
        for (const NumberedRule& one : compiled.bound) {
            for (int i = 0; i < 5; ++i) {
                const FakeEvent event = random.event();
                FakeContext context(event);
                const Explained tree = explain(one.rule, context.get());
                INFO(source.expression.text);
                REQUIRE(tree.truth == evaluate(one.rule, context.get()));
                matched += tree.truth == Truth::kTrue ? 1 : 0;
            }
        }
    }
    CHECK(matched > 100);
}

TEST_CASE("values as people write them") {
    CHECK(constant_text("open_flags", 0x441) == "O_WRONLY|O_CREAT|O_APPEND");
    CHECK(constant_text("open_flags", 0) == "O_RDONLY");
    CHECK(constant_text("errno", -13) == "EACCES");
    CHECK(constant_text("errno", -11) == "EAGAIN");
    CHECK(constant_text("errno", 5) == "5");
    CHECK(constant_text("address_family", 10) == "AF_INET6");
    CHECK(constant_text("address_family", 12345) == "12345");
    CHECK(constant_text("", 7) == "7");
    CHECK_THAT(constant_text("open_flags", int64_t{1} << 40), ContainsSubstring("0x10000000000"));
    CHECK(quoted("a\n\xc3\xa9\xe2\x80\xae", 100) == "\"a\\x0a\xc3\xa9\\xe2\\x80\\xae\"");
    CHECK(quoted("abcdef", 3) == "\"abc...\" (6 bytes)");
    CHECK(range_text({*parse_ip("10.0.0.0"), *parse_ip("10.255.255.255")}) == "10.0.0.0/8");
    CHECK(range_text({*parse_ip("10.0.0.1"), *parse_ip("10.0.0.3")}) == "10.0.0.1-10.0.0.3");
    CHECK(range_text(*parse_network("fe80::/10")) == "fe80::/10");
}

}  // namespace vedette::secl::test
