// SPDX-License-Identifier: Apache-2.0
//
// Rules with a memory: policies with `set` and `log` actions, batches in, alerts out.
#include <spdlog/sinks/ostream_sink.h>

#include <boost/json/serialize.hpp>

#include <sstream>

#include "security-agent/engine/variable_view.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

using Strings = std::vector<std::string>;

v1::Batch next_batch(World& world) {
    v1::Batch batch;
    batch.set_first_sequence(world.engine->position().last_sequence + 1);
    return batch;
}

/// One event, opened by `process` at `seconds` after the others.
void open(World& world, const std::string& path, uint64_t process = kCat, int64_t seconds = 0) {
    v1::Batch batch = next_batch(world);
    v1::Event& event = add_open(batch, path);
    event.set_process_key(process);
    event.set_timestamp(kTime + static_cast<uint64_t>(seconds) * 1'000'000'000);
    world.run(batch);
}

void with_tree(World& world, const std::string& policy) {
    const Policies compiled = rules(policy);
    for (const secl::Diagnostic& diagnostic : compiled->diagnostics.items())
        UNSCOPED_INFO(secl::render(diagnostic));
    REQUIRE(compiled->ok());
    world.engine->set_policies(compiled);
    world.run(batch_with_tree());
}

constexpr char kChain[] = R"(
rules:
  - id: mark
    expression: open.file.path == "/mark"
    actions:
      - set: {name: marked, value: true, scope: process, inherited: true}
  - id: after
    expression: open.file.path == "/after" && ${process.marked}
)";

}  // namespace

TEST_CASE("state: a process variable, inherited by children, kept over exec, not by others") {
    World world;
    with_tree(world, kChain);
    open(world, "/after");
    CHECK(world.alerted().empty());
    open(world, "/mark", kBashFork);  // before bash's exec
    open(world, "/after", kBash);     // the same process
    open(world, "/after", kCat);      // its child
    open(world, "/after", kSshd);     // its parent
    CHECK(world.alerted() == Strings{"mark", "after", "after"});
    CHECK(world.engine->status().variables.values == 1);
}

TEST_CASE("state: a process variable goes when the last image of the process is forgotten") {
    World world;
    with_tree(world, kChain);
    open(world, "/mark", kBash);
    for (const uint64_t key : {kBashFork, kBash}) {
        v1::Batch batch = next_batch(world);
        v1::ProcessUpdate& gone = *batch.add_processes();
        gone.mutable_node()->set_key(key);
        gone.set_gone(true);
        world.run(batch);
        CHECK(world.engine->status().variables.values == (key == kBash ? 0 : 1));
    }
    CHECK(world.engine->status().variables.dropped.at("scope_end") == 1);
}

TEST_CASE("state: a cgroup's variable goes with its last process, not before") {
    World world;
    with_tree(world, R"(
rules:
  - id: r
    expression: open.file.path == "/x" && open.file.path not in ${cgroup.seen}
    actions:
      - set: {name: seen, field: open.file.path, append: true, scope: cgroup, ttl: 1h}
)");
    open(world, "/x", kCat);
    open(world, "/x", kBash);     // the same cgroup
    open(world, "/x", kSystemd);  // another
    CHECK(world.alerted() == Strings{"r", "r"});
    for (const uint64_t key : {kSshd, kBashFork, kBash, kCat}) {
        CHECK(world.engine->status().variables.scopes == 2);
        v1::Batch batch = next_batch(world);
        v1::ProcessUpdate& gone = *batch.add_processes();
        gone.mutable_node()->set_key(key);
        gone.set_gone(true);
        world.run(batch);
    }
    CHECK(world.engine->status().variables.scopes == 1);
}

TEST_CASE("state: ttl goes by the events' time") {
    World world;
    with_tree(world, R"(
rules:
  - id: r
    expression: open.file.path == "/x" && open.file.path not in ${cgroup.seen}
    actions:
      - set: {name: seen, field: open.file.path, append: true, scope: cgroup, ttl: 10s}
)");
    for (const int64_t second : {0, 9, 10, 19, 21})
        open(world, "/x", kCat, second);
    CHECK(world.alerted() == Strings{"r", "r", "r"});  // at 0, 10 and 21
}

TEST_CASE("state: rules see variables as they were before the event, alerts as it left them") {
    World world;
    with_tree(world, R"(
rules:
  - id: a_reader
    expression: open.file.path == "/x" && ${seen} == 1
  - id: b_writer
    expression: open.file.path == "/x"
    actions:
      - set: {name: seen, expression: '${seen} + 1', default_value: 0}
      - set: {name: secret, value: s3, private: true}
      - set: {name: nick, value: n1, scope: process}
      - set: {name: list, field: open.file.path, append: true, scope: cgroup}
      - set: {name: pw, value: 'password=hunter2'}
  - id: c_reader
    expression: open.file.path == "/x" && ${seen} == 1
)");
    open(world, "/x");
    CHECK(world.alerted() == Strings{"b_writer"});
    open(world, "/x");
    CHECK(world.alerted() == Strings{"b_writer", "a_reader", "b_writer", "c_reader"});
    const auto alerts = world.sink.of("b_writer");
    const auto& evt = alerts[1].at("evt").as_object();
    CHECK(evt.at("variables").at("seen").as_int64() == 2);
    CHECK(evt.at("variables").at("pw").as_string() == "password=********");
    CHECK_FALSE(evt.at("variables").as_object().contains("secret"));
    CHECK(alerts[1].at("process").at("variables").at("nick").as_string() == "n1");
    CHECK(alerts[1].at("cgroup").at("variables").at("list").at(0).as_string() == "/x");
    const boost::json::object shown = world.engine->variables();
    CHECK(shown.at("").at("seen").as_int64() == 2);
    CHECK(shown.at("process").at("pid 4004").at("process.nick").as_string() == "n1");
    CHECK(boost::json::serialize(shown).find("secret") == std::string::npos);
    CHECK(boost::json::serialize(shown).find("hunter2") == std::string::npos);
}

TEST_CASE("state: filters of actions, rule tags, and actions of one rule after another") {
    World world;
    with_tree(world, R"(
rules:
  - id: r
    expression: open.file.path in ["/x", "/y"]
    tags: {level: high}
    actions:
      - filter: open.file.path == "/y"
        set: {name: filtered, value: 1}
      - filter: '"level:high" in event.rule.tags'
        set: {name: tagged, value: 1}
      - set: {name: first, value: 1}
      - filter: '${first} == 1'
        set: {name: second, value: 1}
)");
    open(world, "/x");
    const boost::json::object shown = world.engine->variables().at("").as_object();
    CHECK_FALSE(shown.contains("filtered"));
    CHECK(shown.contains("tagged"));
    CHECK(shown.contains("second"));
}

TEST_CASE("state: scope_field sets the variable of another process") {
    World world;
    with_tree(world, R"(
rules:
  - id: watched
    expression: signal.type == SIGUSR1
    actions:
      - set: {name: watched, value: true, scope: process, scope_field: signal.pid}
  - id: r
    expression: open.file.path == "/x" && ${process.watched}
)");
    v1::Batch batch = next_batch(world);
    for (const int64_t pid : {int64_t{4002}, int64_t{99999}, int64_t{-1}}) {
        v1::Signal& signal = *add_event(batch, kCat).mutable_signal();
        signal.set_type(10);
        signal.set_pid(pid);
    }
    world.run(batch);
    open(world, "/x", kCat);
    open(world, "/x", kSshd);  // pid 4002
    CHECK(world.sink.of("r").size() == 1);
    CHECK(world.sink.of("r")[0].at("process").at("pid").as_int64() == 4002);
    CHECK(world.engine->status().variables.dropped.at("no_scope") == 2);
}

TEST_CASE("state: set actions of silent and of limited rules are performed") {
    World world;
    with_tree(world, R"(
rules:
  - id: silent
    expression: open.file.path == "/x"
    silent: true
    actions:
      - set: {name: quiet, expression: '${quiet} + 1', default_value: 0}
  - id: limited
    expression: open.file.path == "/x"
    every: 1h
    actions:
      - set: {name: count, expression: '${count} + 1', default_value: 0}
)");
    for (int i = 0; i < 5; ++i)
        open(world, "/x");
    CHECK(world.alerted() == Strings{"limited"});
    const boost::json::object shown = world.engine->variables().at("").as_object();
    CHECK(shown.at("quiet").as_int64() == 5);
    CHECK(shown.at("count").as_int64() == 5);
    const auto rules = world.engine->status().rules;
    CHECK(rules.at("silent").hits == 5);
    CHECK(rules.at("limited").hits == 5);
    CHECK(rules.at("limited").alerts == 1);
    CHECK(rules.at("limited").limited == 4);
    CHECK(world.metric("vedette_agent_rule_hits_total", {{"rule", "silent"}}) == 5);
}

TEST_CASE("state: log actions are as limited as alerts, also those of silent rules") {
    std::ostringstream text;
    World world;
    world.logger->sinks().push_back(std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
    world.logger->sinks().back()->set_pattern("%l %v");
    with_tree(world, R"(
rules:
  - id: noisy
    expression: open.file.path == "/x"
    silent: true
    every: 1h
    actions:
      - log: {level: warning, message: "seen\e[31m it"}
      - log: {level: info}
      - filter: open.file.path == "/y"
        log: {level: error, message: never}
)");
    for (int i = 0; i < 5; ++i)
        open(world, "/x");
    world.logger->sinks().pop_back();
    CHECK(text.str() == "warning Rule noisy: seen\\x1b[31m it\ninfo Rule noisy triggered\n");
    CHECK(world.alerted().empty());
    CHECK(world.engine->status().rules.at("noisy").limited == 4);
}

TEST_CASE("state: variables survive a reload that keeps them") {
    World world;
    with_tree(world, kChain);
    open(world, "/mark", kBash);
    world.set_rules(kChain);
    open(world, "/after", kCat);
    CHECK(world.alerted() == Strings{"mark", "after"});
    world.set_rules("rules: [{id: other, expression: 'open.file.path == \"/x\"'}]");
    open(world, "/y");
    CHECK(world.engine->status().variables.dropped.at("reload") == 1);
}

TEST_CASE("state: a reconnect to the same probe keeps the values of what is still there") {
    World world;
    v1::Welcome welcome;
    welcome.set_instance_id(7);
    welcome.set_next_sequence(1);
    world.engine->welcome(welcome);
    with_tree(world, kChain);
    open(world, "/mark", kBash);
    open(world, "/mark", kSystemd);
    welcome.set_reset_mirror(true);
    world.engine->welcome(welcome);
    v1::Batch snapshot = batch_with_tree();
    snapshot.mutable_processes()->DeleteSubrange(0, 1);  // systemd has gone meanwhile
    snapshot.set_first_sequence(world.engine->position().last_sequence + 1);
    world.run(snapshot);
    open(world, "/after", kCat);
    CHECK(world.sink.of("after").size() == 1);
    CHECK(world.engine->status().variables.scopes == 2);
    open(world, "/y", kCat, 61);
    CHECK(world.engine->status().variables.scopes == 1);
    welcome.set_instance_id(8);  // another probe: its keys name other processes
    world.engine->welcome(welcome);
    CHECK(world.engine->status().variables.scopes == 0);
}

TEST_CASE("state: builtins: the pid, and a fresh uuid for every read") {
    int uuids = 0;
    World world([&uuids](EngineOptions& options) {
        options.uuid4 = [&uuids] { return "uuid-" + std::to_string(++uuids); };
    });
    with_tree(world, R"(
rules:
  - id: r
    expression: open.file.path == "/proc/${process.pid}/maps"
    actions:
      - set: {name: a, expression: '"${builtins.uuid4}"', default_value: ""}
      - set: {name: b, expression: '"${builtins.uuid4}"', default_value: ""}
)");
    open(world, "/proc/4004/maps");
    open(world, "/proc/4005/maps");
    REQUIRE(world.alerted() == Strings{"r"});
    const boost::json::value variables = world.sink.of("r")[0].at("evt").at("variables");
    CHECK(variables.at("a").as_string() == "uuid-1");
    CHECK(variables.at("b").as_string() == "uuid-2");
    const std::string random = random_uuid4();
    CHECK(random.size() == 36);
    CHECK(random[14] == '4');
    CHECK(random != random_uuid4());
}

TEST_CASE("state: a list takes a program's path, not those of the links it was run through") {
    World world;
    world.engine->set_policies(rules(R"(
rules:
  - id: collect
    expression: open.file.path == "/mark" && process.file.name == "kitty"
    actions:
      - set: {name: programs, field: process.file.name, append: true}
)"));
    v1::Batch batch = batch_with_tree();
    process_of(batch, kCat).mutable_file()->add_symlink_paths("/usr/local/bin/kitty");
    world.run(batch);
    open(world, "/mark");
    CHECK(world.alerted() == Strings{"collect"});
    CHECK(boost::json::serialize(world.engine->variables()) == R"({"":{"programs":["cat"]}})");
}
