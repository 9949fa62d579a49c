// SPDX-License-Identifier: Apache-2.0
//
// What is refuted never matches: whatever else an event has.
#include "security-agent/secl/refute.h"

#include <array>
#include <random>

#include "security-agent/secl/bound_eval.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/named_fields.h"
#include "tests/unit/secl/support.h"

namespace vedette::secl::test {
namespace {

struct Compiled {
    explicit Compiled(const std::string& expression) : sources{rule("r", expression)} {
        compiled = compile_rules(sources, {}, named_table());
        INFO(expression << ": " << render(compiled.diagnostics));
        REQUIRE(compiled.diagnostics.errors() == 0);
    }
    const BoundRule& bound() const { return compiled.bound.front().rule; }

    std::vector<RuleSource> sources;
    CompiledRules compiled;
};

bool is_path(std::string_view field) {
    return field == "open.file.path" || field == "open.file.name";
}

Truth by_path(const BoundRule& rule, const std::string& path) {
    NamedEvent event("open");
    event.set("open.file.path", path);
    event.set("open.file.name", path.substr(path.rfind('/') + 1));
    const EvalContext context = event.context();
    return evaluate_known(rule.condition,
                          [&](const Test& test) { return known_test(test, context, is_path); });
}

Truth by_path(const std::string& expression, const std::string& path) {
    return by_path(Compiled(expression).bound(), path);
}

Truth below(const BoundRule& rule, std::string_view directory) {
    return evaluate_known(rule.condition, [&](const Test& test) {
        return test_below(test, directory, "open.file.path");
    });
}

Truth below(const std::string& expression, std::string_view directory) {
    return below(Compiled(expression).bound(), directory);
}

constexpr Truth kNever = Truth::kFalse;
constexpr Truth kPerhaps = Truth::kUnknown;

}  // namespace

TEST_CASE("refute: a path alone") {
    CHECK(by_path(R"(open.file.path == "/etc/shadow")", "/etc/passwd") == kNever);
    CHECK(by_path(R"(open.file.path == "/etc/shadow" && process.auid == 0)", "/etc/passwd") ==
          kNever);
    CHECK(by_path(R"(open.file.path == "/etc/shadow" && process.auid == 0)", "/etc/shadow") ==
          kPerhaps);
    CHECK(by_path(R"(open.file.path == "/etc/shadow" || process.auid == 0)", "/etc/passwd") ==
          kPerhaps);
    CHECK(by_path(R"(open.file.name == "shadow" && open.flags > 0)", "/srv/x") == kNever);
    CHECK(by_path(R"(open.file.path != "/etc/passwd" && open.flags > 0)", "/etc/passwd") == kNever);
    CHECK(by_path(R"(open.flags & O_CREAT > 0)", "/etc/passwd") == kPerhaps);
    CHECK(by_path(R"(process.ancestors.file.name == "sh" && open.file.name == "x")", "/y") ==
          kNever);
}

TEST_CASE("refute: everything below a directory") {
    const std::string shadow = R"(open.file.path == "/etc/shadow" && process.auid == 0)";
    CHECK(below(shadow, "/usr/lib") == kNever);
    CHECK(below(shadow, "/etc") == kPerhaps);
    CHECK(below(shadow, "/etc/shadow") == kNever);
    CHECK(below(shadow, "/et") == kNever);
    const std::string glob = R"(open.file.path == ~"/etc/cron*/*")";
    CHECK(below(glob, "/etc") == kPerhaps);
    CHECK(below(glob, "/etc/cron.d") == kPerhaps);
    CHECK(below(glob, "/etc/cron.d/sub") == kNever);
    CHECK(below(glob, "/etc/ssh") == kNever);
    CHECK(below(R"(open.file.path == ~"/srv/**")", "/srv/a/b/c") == kPerhaps);
    CHECK(below(R"(open.file.path == ~"/srv/**/conf/*")", "/srv/a") == kPerhaps);
    CHECK(below(R"(open.file.path == ~"/srv/**")", "/var") == kNever);
    CHECK(below(R"(open.file.name == "shadow")", "/usr/lib") == kPerhaps);
    CHECK(below(R"(open.file.path != ~"/srv/**")", "/srv/a") == kPerhaps);
    CHECK(below(R"(open.file.path != "/etc/x" && open.file.path == ~"/etc/*")", "/var") == kNever);
}

TEST_CASE("refute: random rules, directories and paths agree with the evaluation") {
    constexpr std::array kPaths = {"/etc/shadow", "/etc/cron.d/x", "/etc/ssh/id_rsa", "/srv/a/b/c",
                                   "/srv/a",      "/usr/lib/libc", "/usr/lib/x/y",    "/x"};
    constexpr std::array kTests = {R"(open.file.path == "/etc/shadow")",
                                   R"(open.file.path != ~"/usr/**")",
                                   R"(open.file.path == ~"/etc/*/*")",
                                   R"(open.file.path == ~"/srv/**")",
                                   R"(open.file.name == ~"id_*")",
                                   R"(open.file.name != "c")",
                                   R"(open.file.path in ["/x", ~"/usr/*/*"])",
                                   R"(open.flags & O_CREAT > 0)",
                                   R"(process.auid == 0)",
                                   R"(!(open.file.path == ~"/etc/**"))"};
    std::mt19937 random(20261122);
    const auto pick = [&](const auto& list) { return std::string(list[random() % list.size()]); };
    size_t refuted = 0;
    for (int i = 0; i < 400; ++i) {
        const Compiled rule("(" + pick(kTests) + (random() % 2 ? ") && (" : ") || (") +
                            pick(kTests) + ") && open.flags >= 0 && " + pick(kTests));
        for (const char* path : kPaths) {
            NamedEvent event("open");
            const std::string text = path;
            event.set("open.file.path", text);
            event.set("open.file.name", text.substr(text.rfind('/') + 1));
            event.set("open.flags", static_cast<int64_t>(random() % 2 ? 0x40 : 0));
            event.set("process.auid", static_cast<int64_t>(random() % 2));
            const bool matches = evaluate(rule.bound(), event.context()) == Truth::kTrue;
            const bool no_path = by_path(rule.bound(), text) == kNever;
            INFO(rule.sources.front().expression.text << " and " << text);
            CHECK_FALSE((no_path && matches));
            refuted += no_path ? 1 : 0;
            for (std::string above = text; above.rfind('/') != 0;) {
                above.resize(above.rfind('/'));
                CHECK_FALSE((below(rule.bound(), above) == kNever && matches));
            }
        }
    }
    CHECK(refuted > 100);
}

}  // namespace vedette::secl::test
