// SPDX-License-Identifier: Apache-2.0
//
// Which forks, execs and exits the agent gets.
#include "system-probe/filters/lifecycle_filter.h"

#include <string>
#include <vector>

#include "system-probe/decode/decoder.h"
#include "system-probe/filters/text_pieces.h"
#include "system-probe/resolvers/process_resolver.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {
namespace {

using namespace test;
using std::string_literals::operator""s;

struct Deaf : NodeSink {
    void changed(const Image&) override {}
    void ended(const Image&) override {}
    void gone(const Image&) override {}
};

v1::FilterPlan plan_of(std::vector<int> types) {
    v1::FilterPlan plan;
    plan.set_lifecycle(true);
    for (const int type : types)
        plan.add_types()->set_event_type(static_cast<uint32_t>(type));
    return plan;
}

/// A plan with one rule on exec.
v1::FilterPlan plan_of(v1::Approver::Kind kind, const std::string& field, const std::string& text) {
    v1::FilterPlan plan = plan_of({v1::Event::kExecFieldNumber});
    v1::TypeFilter& execs = *plan.mutable_types(0);
    execs.set_deny(true);
    v1::Approver& approver = *execs.add_approvers();
    approver.set_kind(kind);
    approver.set_field(field);
    approver.set_text(text);
    return plan;
}

/// Process 1, and 50 below it, which runs /usr/sbin/nginx.
struct Fixture {
    WallClock clock{[] { return int64_t{0}; }};
    Names names;
    Deaf nobody;
    ProcessResolver resolver{
        {.max_bytes = 64u << 20, .envs_with_value = {"LD_PRELOAD"}}, clock, names, nobody};
    LifecycleFilter filter;
    Decoded decoded;
    uint32_t pid = 60;

    Fixture() {
        apply(snapshot_record(image(1), image(0), kSecond));
        apply(snapshot_record(image(50), image(1), kSecond, "/usr/sbin/nginx", 7));
    }
    bool apply(const Bytes& record) {
        REQUIRE(decode(as_record(record), decoded));
        const auto named = resolver.apply(decoded);
        const bool passes = filter.passes(decoded.type(), named.acting);
        resolver.after_event();
        return passes;
    }
    bool exec(const ExecOptions& options) {
        ++pid;
        apply(fork_record(image(pid), image(50), pid * kSecond + 10));
        return apply(exec_record(image(pid, 1), image(50), pid * kSecond + 11, options));
    }
    bool passes(v1::Approver::Kind kind, const std::string& field, const std::string& text,
                const ExecOptions& options) {
        filter.apply(plan_of(kind, field, text));
        return exec(options);
    }
};

TEST_CASE("Before a plan, and with that of an agent that expects it, everything passes",
          "[lifecycle]") {
    Fixture f;
    CHECK(f.apply(fork_record(image(60), image(50), 60 * kSecond)));
    v1::FilterPlan older = plan_of(v1::Approver::KIND_BASENAME, "exec.file.name", "other");
    older.set_lifecycle(false);
    f.filter.apply(older);
    CHECK(f.exec({}));
    CHECK(f.apply(exit_record(image(61, 1), 62 * kSecond)));
    CHECK(f.filter.kept_back(VDT_EXEC) == 0);
}

TEST_CASE("What no rule is about is kept back, and counted", "[lifecycle]") {
    Fixture f;
    f.filter.apply(plan_of({v1::Event::kOpenFieldNumber}));
    CHECK_FALSE(f.exec({}));
    CHECK_FALSE(f.apply(exit_record(image(61, 1), 62 * kSecond)));
    CHECK(f.apply(open_record(image(50), 63 * kSecond)));
    for (const vdt_type type : {VDT_FORK, VDT_EXEC, VDT_EXIT})
        CHECK(f.filter.kept_back(type) == 1);
    CHECK(f.filter.kept_back(VDT_OPEN) == 0);

    f.filter.apply(plan_of(
        {v1::Event::kForkFieldNumber, v1::Event::kExitFieldNumber, v1::Event::kExecFieldNumber}));
    CHECK(f.exec({}));
    CHECK(f.apply(exit_record(image(62, 1), 63 * kSecond)));
    CHECK(f.filter.kept_back(VDT_FORK) == 1);
}

TEST_CASE("An exec passes by its file", "[lifecycle]") {
    Fixture f;
    struct Case {
        v1::Approver::Kind kind;
        const char* text;
        bool passes;
    };
    const Case cases[] = {
        {v1::Approver::KIND_BASENAME, "tool-x", true},
        {v1::Approver::KIND_BASENAME, "tool", false},
        {v1::Approver::KIND_BASENAME, "bin", false},
        {v1::Approver::KIND_BASENAME_PREFIX, "too", true},
        {v1::Approver::KIND_BASENAME_PREFIX, "ool", false},
        {v1::Approver::KIND_BASENAME_SUFFIX, "l-x", true},
        {v1::Approver::KIND_BASENAME_SUFFIX, "tool", false},
        {v1::Approver::KIND_PARENT, "bin", true},
        {v1::Approver::KIND_PARENT, "opt", false},
        {v1::Approver::KIND_PATH_PREFIX, "/opt/", true},
        {v1::Approver::KIND_PATH_PREFIX, "opt/", false},
        // Of these nothing is known here: a later agent's.
        {v1::Approver::KIND_RANGE, "x", true},
    };
    for (const Case& one : cases) {
        INFO(v1::Approver::Kind_Name(one.kind) << " " << one.text);
        CHECK(f.passes(one.kind, "exec.file.path", one.text, {.path = "/opt/bin/tool-x"}) ==
              one.passes);
    }
    CHECK(f.passes(v1::Approver::KIND_TEXT, "exec.user", "root", {}));  // not known as a field
}

TEST_CASE("An exec passes by its arguments, as rules read them", "[lifecycle]") {
    Fixture f;
    const ExecOptions shell = {.argv = "sh\0-c\0unset\0HISTFILE\0"s};
    const auto contains = v1::Approver::KIND_CONTAINS;
    const auto is = v1::Approver::KIND_TEXT;
    CHECK(f.passes(contains, "exec.args", "unset HISTFILE", shell));  // spans two
    CHECK(f.passes(is, "exec.args", "-c unset HISTFILE", shell));
    CHECK_FALSE(f.passes(contains, "exec.args", "sh -c", shell));  // argv0 is none of them
    CHECK_FALSE(f.passes(contains, "exec.argv", "unset HISTFILE", shell));
    CHECK(f.passes(is, "exec.argv", "HISTFILE", shell));
    CHECK(f.passes(contains, "exec.argv", "STF", shell));
    CHECK_FALSE(f.passes(is, "exec.argv", "sh", shell));
    CHECK(f.passes(is, "exec.argv0", "sh", shell));
    CHECK_FALSE(f.passes(is, "exec.args", "", shell) == false);  // empty: not understood
    CHECK_FALSE(f.passes(contains, "exec.args", "anything", {.argv = ""}));
    CHECK_FALSE(f.passes(contains, "exec.args", "anything", {.argv = "sh"}));  // cut within argv0
    CHECK(f.passes(contains, "exec.args", "xy", {.argv = "a\0b\0"s}));  // too short to look for
}

TEST_CASE("An exec passes by its environment", "[lifecycle]") {
    Fixture f;
    const ExecOptions preloaded = {.envp = "SECRET=1\0LD_PRELOAD=/tmp/x.so\0"s};
    CHECK(f.passes(v1::Approver::KIND_CONTAINS, "exec.envp", "LD_PRELOAD=", preloaded));
    CHECK(f.passes(v1::Approver::KIND_TEXT, "exec.envs", "SECRET", preloaded));
    // A value that is not kept the rule does not see, either.
    CHECK_FALSE(f.passes(v1::Approver::KIND_TEXT, "exec.envp", "SECRET=1", preloaded));
    CHECK_FALSE(f.passes(v1::Approver::KIND_CONTAINS, "exec.envp", "LD_PRELOAD=", {}));
}

TEST_CASE("An exec passes by who started it, whatever that one ran before", "[lifecycle]") {
    Fixture f;
    const auto by_parent = [&](const char* name) {
        return f.passes(v1::Approver::KIND_BASENAME, "process.parent.file.name", name, {});
    };
    CHECK(by_parent("nginx"));
    CHECK_FALSE(by_parent("program"));
    // A second exec of the same process: its parent is still nginx, not the program it was.
    f.filter.apply(plan_of(v1::Approver::KIND_BASENAME, "process.parent.file.name", "program"));
    CHECK_FALSE(f.apply(exec_record(image(f.pid, 2), image(50), f.pid * kSecond + 20)));
}

TEST_CASE("A process that is not known as it should be passes, and so does one without a path",
          "[lifecycle]") {
    Fixture f;
    f.filter.apply(plan_of(v1::Approver::KIND_BASENAME, "exec.file.name", "other"));
    CHECK(f.exec({.path = ""}));  // the agent reports an abnormal path
    CHECK(f.apply(exit_record(image(f.pid, 1), 99 * kSecond)));
    // Its parent was never seen.
    CHECK(f.apply(exec_record(image(900, 1), image(800), 901 * kSecond)));
}

TEST_CASE("Pieces of text are found wherever they stand", "[lifecycle]") {
    TextPieces pieces;
    CHECK_FALSE(pieces.any_in("anything"));
    CHECK_FALSE(pieces.add("ab"));
    REQUIRE(pieces.add("/dev/tcp/"));
    REQUIRE(pieces.add("/dev/udp/"));
    REQUIRE(pieces.add("\xff\x80\x01z"));
    CHECK(pieces.any_in("/dev/tcp/"));
    CHECK(pieces.any_in("cat < /dev/udp/1.2.3.4/5"));
    CHECK(pieces.any_in("/dev/dev/tcp/"));
    CHECK(pieces.any_in("\xff\xff\x80\x01z"));
    CHECK_FALSE(pieces.any_in("/dev/tc"));
    CHECK_FALSE(pieces.any_in("/dev/tcp"));
    CHECK_FALSE(pieces.any_in("/d"));
}

}  // namespace
}  // namespace vedette::probe
