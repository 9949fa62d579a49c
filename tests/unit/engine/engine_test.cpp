// SPDX-License-Identifier: Apache-2.0
//
// Whole runs: batches of a made-up probe in, alert lines out.
#include <boost/json/array.hpp>

#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

constexpr char kShadow[] = R"(
version: 1.0.0
rules:
  - id: shadow
    description: The password file was read
    expression: open.file.path == "/etc/shadow" && process.file.name == "cat"
    tags: {technique: T1003.008}
)";

double metric(World& world, const std::string& name, const Labels& labels = {}) {
    return world.metrics.counter(name, "", labels).Value();
}

v1::Welcome welcome(uint64_t instance, uint64_t next) {
    v1::Welcome out;
    out.set_instance_id(instance);
    out.set_next_sequence(next);
    return out;
}

}  // namespace

TEST_CASE("engine: a matching event gives one alert with its process and ancestors") {
    World world;
    world.set_rules(kShadow);
    v1::Batch batch = batch_with_tree();
    add_open(batch, "/etc/shadow");
    add_open(batch, "/etc/passwd");
    world.run(batch);
    const auto alerts = world.sink.of("shadow");
    REQUIRE(alerts.size() == 1);
    const auto& process = alerts[0].at("process").as_object();
    CHECK(process.at("comm").as_string() == "cat");
    CHECK(process.at("tid").as_int64() == 4004);
    CHECK(process.at("parent").at("comm").as_string() == "bash");
    CHECK(process.at("ancestors").as_array().size() == 4);
    CHECK(alerts[0].at("title").as_string() == "The password file was read");
    CHECK(world.engine->status().events == 2);
    CHECK(world.engine->status().alerts == 1);
    CHECK(metric(world, "vedette_agent_alerts_total", {{"rule", "shadow"}}) == 1);
}

TEST_CASE("engine: process updates take effect in front of the event they name") {
    World world;
    world.set_rules(R"(
rules:
  - id: renamed
    expression: open.file.path == "/x" && process.comm == "second"
)");
    v1::Batch batch = batch_with_tree();
    add_open(batch, "/x");
    add_open(batch, "/x");
    v1::ProcessUpdate& update = *batch.add_processes();
    *update.mutable_node() = node(kCat);
    update.mutable_node()->set_comm("second");
    update.set_before_event(1);
    v1::ProcessUpdate& gone = *batch.add_processes();
    gone.mutable_node()->set_key(kCat);
    gone.set_gone(true);
    gone.set_before_event(2);
    world.run(batch);
    CHECK(world.sink.of("renamed").size() == 1);
    CHECK(world.engine->status().processes == 4);
}

TEST_CASE("engine: a fork has the program of the process it names, an end leaves it") {
    World world;
    world.set_rules(R"(
rules:
  - id: forked
    expression: open.file.path == "/x" && process.file.path == "/usr/bin/cat" && process.argv0 == "cat" && process.comm == "child"
)");
    v1::Batch batch = batch_with_tree();
    constexpr uint64_t kChild = 400;
    v1::ProcessUpdate& fork = *batch.add_processes();
    fork.mutable_node()->set_key(kChild);
    fork.mutable_node()->set_process_key(kChild);
    fork.mutable_node()->set_parent_key(kCat);
    fork.mutable_node()->set_pid(4400);
    fork.mutable_node()->set_comm("child");
    fork.set_program_of(kCat);
    add_event(batch, kChild).mutable_open()->mutable_file()->set_path("/x");
    v1::ProcessUpdate& end = *batch.add_processes();
    end.mutable_node()->set_key(kChild);
    end.mutable_node()->set_exit_time(kTime + 1);
    end.set_ended(true);
    end.set_before_event(1);
    v1::ProcessUpdate& unknown = *batch.add_processes();
    unknown.mutable_node()->set_key(999);
    unknown.mutable_node()->set_exit_time(kTime + 1);
    unknown.set_ended(true);
    unknown.set_before_event(1);
    add_event(batch, kChild).mutable_open()->mutable_file()->set_path("/x");
    world.run(batch);
    CHECK(world.sink.of("forked").size() == 2);
    CHECK(world.engine->status().processes == 6);
    uint64_t ended = 0;
    world.engine->each_process([&](const v1::ProcessNode& node) {
        if (node.key() == kChild)
            ended = node.exit_time();
    });
    CHECK(ended == kTime + 1);
}

TEST_CASE("engine: a program that is named and not known leaves what was known of the process") {
    World world;
    world.set_rules(R"(
rules:
  - id: cat
    expression: open.file.path == "/x" && process.file.path == "/usr/bin/cat"
)");
    v1::Batch batch = batch_with_tree();
    v1::ProcessUpdate& again = *batch.add_processes();
    *again.mutable_node() = node(kCat);
    again.mutable_node()->clear_file();
    again.set_program_of(12345);
    add_open(batch, "/x");
    world.run(batch);
    CHECK(world.sink.of("cat").size() == 1);
}

TEST_CASE("engine: an event of a process nobody knows is evaluated and counted") {
    World world;
    world.set_rules("rules: [{id: any, expression: 'open.file.path == \"/x\"'}]");
    v1::Batch batch;
    batch.set_first_sequence(1);
    add_open(batch, "/x");
    world.run(batch);
    CHECK(world.sink.of("any").size() == 1);
    CHECK(metric(world, "vedette_agent_unknown_process_total") == 1);
}

TEST_CASE("engine: fork and other internal events match nothing and break nothing") {
    World world;
    world.set_rules(kShadow);
    v1::Batch batch = batch_with_tree();
    add_event(batch, kBash).mutable_fork();
    add_event(batch, kBash).mutable_cgroup_move();
    add_event(batch, kBash);  // of a type we do not know
    world.run(batch);
    CHECK(world.sink.of("shadow").empty());
    CHECK(world.engine->status().events == 3);
}

TEST_CASE("engine: rules are limited, each by itself, and it is counted") {
    World world;
    world.set_rules(R"(
rules:
  - {id: plain, expression: 'open.file.path == "/x"'}
  - {id: seldom, expression: 'open.file.path == "/x"', every: 10s}
)");
    v1::Batch batch = batch_with_tree();
    for (int i = 0; i < 50; ++i)
        add_open(batch, "/x");
    world.run(batch);
    CHECK(world.sink.of("plain").size() == 40);
    CHECK(world.sink.of("seldom").size() == 1);
    CHECK(metric(world, "vedette_agent_alerts_limited_total", {{"rule", "plain"}}) == 10);
    CHECK(metric(world, "vedette_agent_alerts_limited_total", {{"rule", "seldom"}}) == 49);
    world.steady += 10'000'000'000;
    v1::Batch next = batch_with_tree();
    next.set_first_sequence(51);
    add_open(next, "/x");
    world.run(next);
    CHECK(world.sink.of("seldom").size() == 2);
}

TEST_CASE("engine: limiter_token gives each value its own limit") {
    World world;
    world.set_rules(R"(
rules:
  - id: per_file
    expression: open.file.path in ["/a", "/b"]
    every: 1h
    limiter_token: [open.file.path]
)");
    v1::Batch batch = batch_with_tree();
    for (const char* path : {"/a", "/b", "/a", "/b"})
        add_open(batch, path);
    world.run(batch);
    CHECK(world.sink.of("per_file").size() == 2);
}

TEST_CASE("engine: a silent rule says nothing, but is listed as matched") {
    World world;
    world.set_rules(R"(
rules:
  - {id: quiet, expression: 'open.file.path == "/x"', silent: true}
  - {id: loud, expression: 'open.file.path == "/x"'}
)");
    v1::Batch batch = batch_with_tree();
    add_open(batch, "/x");
    world.run(batch);
    CHECK(world.sink.of("quiet").empty());
    const auto alerts = world.sink.of("loud");
    REQUIRE(alerts.size() == 1);
    CHECK(alerts[0].at("evt").at("matched_rules").as_array().size() == 2);
}

TEST_CASE("engine: new rules are taken between two batches") {
    World world;
    world.set_rules("rules: [{id: old, expression: 'open.file.path == \"/x\"'}]");
    v1::Batch batch = batch_with_tree();
    add_open(batch, "/x");
    world.run(batch);
    world.set_rules("rules: [{id: new, expression: 'open.file.path == \"/x\"'}]");
    v1::Batch next;
    next.set_first_sequence(2);
    add_open(next, "/x");
    world.run(next);
    CHECK(world.sink.of("old").size() == 1);
    CHECK(world.sink.of("new").size() == 1);
    CHECK(world.sink.of("ruleset_loaded").size() == 2);
}

TEST_CASE("engine: events that come again after a reconnect are not evaluated twice") {
    World world;
    world.set_rules(kShadow);
    world.engine->welcome(welcome(7, 1));
    v1::Batch batch = batch_with_tree();
    add_open(batch, "/etc/shadow");
    world.run(batch);
    v1::Batch again = batch_with_tree();
    add_open(again, "/etc/shadow");
    add_open(again, "/etc/shadow");
    again.set_number(3);
    world.run(again);
    CHECK(world.engine->position().last_batch == 3);
    CHECK(world.sink.of("shadow").size() == 2);
    CHECK(metric(world, "vedette_agent_repeated_events_total") == 1);
    CHECK(world.engine->position().instance_id == 7);
    CHECK(world.engine->position().last_sequence == 2);
}

TEST_CASE("engine: another probe begins with an empty mirror") {
    World world;
    world.engine->welcome(welcome(7, 100));
    CHECK(world.engine->position().last_sequence == 99);
    v1::Batch batch = batch_with_tree();
    batch.set_first_sequence(100);
    add_open(batch, "/x");
    world.run(batch);
    CHECK(world.engine->status().processes == 5);
    world.engine->welcome(welcome(8, 1));
    CHECK(world.engine->position().last_sequence == 0);
    v1::Batch first;
    first.set_first_sequence(1);
    add_open(first, "/x");
    world.run(first);
    CHECK(world.engine->status().processes == 0);
    CHECK(world.engine->status().lost.empty());
}

TEST_CASE("engine: losses are counted, logged once a second and written as a line") {
    World world;
    v1::Batch batch = batch_with_tree();
    add_open(batch, "/x");
    const auto lose = [](v1::Batch& into, uint32_t type, v1::Loss::Reason reason, uint64_t count) {
        v1::Loss& loss = *into.add_lost();
        loss.set_event_type(type);
        loss.set_reason(reason);
        loss.set_count(count);
    };
    lose(batch, 19, v1::Loss::REASON_RING_FULL, 5);
    lose(batch, 16, v1::Loss::REASON_DECODE, 1);
    world.run(batch);
    v1::Batch next;
    next.set_first_sequence(12);  // ten are missing, seven of them explained
    add_open(next, "/x");
    lose(next, 19, v1::Loss::REASON_QUEUE_FULL, 7);
    world.run(next);
    CHECK(world.sink.of("lost_events").size() == 1);  // the second waits for its turn
    world.engine->finish();
    const auto lines = world.sink.of("lost_events");
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].at("total").as_int64() == 6);
    CHECK(lines[1].at("total").as_int64() == 10);
    CHECK(world.engine->status().lost ==
          std::map<std::string, uint64_t>{{"open", 12}, {"exec", 1}, {"unknown", 3}});
    CHECK(metric(world, "vedette_agent_events_lost_total",
                 {{"type", "unknown"}, {"reason", "sequence_gap"}}) == 3);
}
