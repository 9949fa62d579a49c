// SPDX-License-Identifier: Apache-2.0
//
// The alert of each event type against its golden file in tests/golden/engine. When a change is wanted, look at the
// file NAME.actual.json that the failing test leaves in the build directory and copy it over the golden one by hand.
#include <fcntl.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"
#include "tests/unit/engine/golden.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

constexpr char kPolicy[] = R"(
version: 1.2.3
rules:
  - id: on_exec
    version: 4
    description: A program was executed
    expression: exec.file.name == "cat"
    tags: {technique: T1059, tactic: TA0002}
    product_tags: ["team:red"]
  - {id: on_exit, expression: exit.cause == SIGNALED}
  - {id: on_open, expression: open.file.path == "/etc/shadow", group_id: credentials}
  - {id: also_open, expression: open.file.name == "shadow"}
  - {id: on_odd_open, expression: open.file.path =~ "/tmp/*"}
  - {id: on_connect, expression: connect.addr.port == 443}
  - {id: on_setuid, expression: setuid.euid == 0}
  - {id: on_setgid, expression: setgid.egid == 0}
)";

/// Feeds one event and compares the alert of `rule`.
template <typename Fill>
void golden(const std::string& name, const std::string& rule, Fill fill) {
    World world;
    world.set_rules(kPolicy);
    v1::Batch batch = batch_with_tree();
    fill(batch);
    world.run(batch);
    std::string found;
    for (const std::string& line : world.sink.lines)
        if (line.find("{\"rule_id\":\"" + rule + "\"") != std::string::npos)
            found = line;
    REQUIRE_FALSE(found.empty());
    check_golden(name, found);
}

}  // namespace

TEST_CASE("alert: exec") {
    golden("exec", "on_exec", [](v1::Batch& batch) {
        v1::ProcessNode& cat = *batch.mutable_processes(4)->mutable_node();
        cat.clear_argv();
        for (const char* arg : {"cat", "--password", "hunter2", "/etc/shadow"})
            cat.add_argv(arg);
        cat.set_args_truncated(true);
        cat.add_envp("LD_PRELOAD=/tmp/x.so");
        for (const char* name : {"LD_PRELOAD", "HOME"})
            cat.add_env_names(name);
        cat.mutable_container()->set_id(std::string(64, 'a'));
        cat.mutable_container()->set_created_at(kTime - 60'000'000'000);
        cat.mutable_cgroup()->set_id("/system.slice/docker-" + std::string(64, 'a') + ".scope");
        cat.mutable_interpreter()->set_path("/bin/sh");
        cat.mutable_file()->set_flags(1U << 6);  // overlayfs: upper layer
        add_event(batch, kCat).mutable_exec()->mutable_syscall()->set_path("./cat");
    });
}

TEST_CASE("alert: exit") {
    golden("exit", "on_exit", [](v1::Batch& batch) {
        v1::Event& event = add_event(batch, kCat);
        event.mutable_exit()->set_cause(v1::Exit::SIGNALED);
        event.mutable_exit()->set_code(9);
    });
}

TEST_CASE("alert: open, with a rule group and a second rule that matched") {
    golden("open", "credentials", [](v1::Batch& batch) {
        v1::Event& event = add_open(batch, "/etc/shadow", -EACCES);
        event.set_async(true);
        v1::Open& open = *event.mutable_open();
        open.set_flags(O_WRONLY | O_CREAT | O_TRUNC);
        open.set_mode(0600);
        open.mutable_syscall()->set_path("../etc/shadow");
        open.mutable_syscall()->set_flags(O_WRONLY | O_CREAT | O_TRUNC);
        open.mutable_syscall()->set_mode(0600);
    });
}

TEST_CASE("alert: a file name of bytes that are no text") {
    golden("open_odd_name", "on_odd_open", [](v1::Batch& batch) {
        add_open(batch, "/tmp/a\n\"b\"\\\x1b[31m\xff\xfe\x01.\xc3\xa9");
    });
}

TEST_CASE("alert: connect") {
    golden("connect", "on_connect", [](v1::Batch& batch) {
        v1::Connect& connect = *add_event(batch, kCat).mutable_connect();
        connect.set_retval(-EINPROGRESS);
        connect.set_protocol(6);
        connect.mutable_addr()->set_family(10);
        connect.mutable_addr()->set_port(443);
        connect.mutable_addr()->set_ip(
            std::string("\x26\x06\x47\0\0\0\0\0\0\0\0\0\0\0\x11\x11", 16));
    });
}

TEST_CASE("alert: setuid") {
    golden("setuid", "on_setuid", [](v1::Batch& batch) {
        v1::SetUid& set = *add_event(batch, kBash).mutable_setuid();
        set.set_uid(1000);
        set.set_user("alice");
        set.set_euser("root");
        set.set_fsuser("root");
    });
}

TEST_CASE("alert: setgid") {
    golden("setgid", "on_setgid", [](v1::Batch& batch) {
        v1::SetGid& set = *add_event(batch, kBash).mutable_setgid();
        set.set_gid(1000);
        set.set_group("alice");
    });
}

TEST_CASE("alert: policies that were loaded, one of them partly") {
    World world;
    world.set_rules(R"(
version: 1.0.0
rules:
  - {id: good, expression: open.file.path == "/x"}
  - {id: bad, expression: open.no_such_field == 1}
)");
    world.engine->tick();
    REQUIRE(world.sink.lines.size() == 1);
    check_golden("ruleset_loaded", world.sink.lines[0]);
}

TEST_CASE("alert: lost events") {
    check_golden("lost_events",
                 lost_events_line(facts(),
                                  {{{"open", "budget", 77}, {5, kTime - 1'000'000'000, kTime}},
                                   {{"exec", "decode"}, {1}}},
                                  static_cast<int64_t>(kTime)));
}

TEST_CASE("alert: at most 200 ancestors, and it says that there are more") {
    World world;
    world.set_rules(kPolicy);
    v1::Batch batch = batch_with_tree();
    for (uint64_t key = 100; key < 400; ++key) {
        v1::ProcessNode& link = *batch.add_processes()->mutable_node();
        link = node(kBash);
        link.set_key(key);
        link.set_parent_key(key == 100 ? kBash : key - 1);
    }
    batch.add_processes()->mutable_node()->CopyFrom(node(kCat));
    batch.mutable_processes(batch.processes_size() - 1)->mutable_node()->set_parent_key(399);
    add_open(batch, "/etc/shadow");
    world.run(batch);
    const auto alerts = world.sink.of("also_open");
    REQUIRE(alerts.size() == 1);
    CHECK(alerts[0].at("process").at("ancestors").as_array().size() == 200);
    CHECK(alerts[0].at("process").at("truncated_ancestors").as_bool());
}

TEST_CASE("alert: every line is one line of valid JSON, whatever the bytes") {
    World world;
    world.set_rules("rules: [{id: any, expression: 'open.retval == 3'}]");
    for (uint64_t byte = 0; byte < 256; ++byte) {
        v1::Batch batch = batch_with_tree();
        batch.set_first_sequence(byte + 1);
        const std::string odd(3, static_cast<char>(byte));
        v1::ProcessNode& cat = *batch.mutable_processes(4)->mutable_node();
        cat.set_comm(odd);
        cat.add_argv(odd);
        cat.add_envp(odd);
        cat.mutable_cgroup()->set_id(odd);
        cat.mutable_credentials()->set_user(odd);
        add_open(batch, odd);
        world.steady += 1'000'000'000;
        world.run(batch);
    }
    size_t alerts = 0;
    for (const std::string& line : world.sink.lines) {
        boost::json::error_code error;
        boost::json::parse(line, error);
        CHECK_FALSE(error);
        CHECK(line.find('\n') == std::string::npos);
        alerts += line.find("\"any\"") != std::string::npos;
    }
    CHECK(alerts >= 256);
}
