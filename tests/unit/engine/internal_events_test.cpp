// SPDX-License-Identifier: Apache-2.0
//
// Lines that the agent writes about itself: when, how often, what they hold.
#include <boost/json/array.hpp>

#include "bpf/abi/records.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr char kRule[] = "rules: [{id: any, expression: 'open.file.path == \"/x\"'}]";

void one_open(World& world, uint64_t process, const std::string& path_error = {},
              uint32_t flags = 0) {
    v1::Batch batch;
    batch.set_first_sequence(world.engine->position().last_sequence + 1);
    v1::Event& event = add_open(batch, "/y");
    event.set_process_key(process);
    event.mutable_open()->mutable_file()->set_path_error(path_error);
    event.mutable_open()->mutable_file()->set_flags(flags);
    world.run(batch);
}

}  // namespace

TEST_CASE("internal: heartbeats every minute, then every ten, from the start after a load") {
    World world;
    world.set_rules(kRule);
    std::vector<int64_t> minutes;
    const auto run = [&](int64_t until) {
        minutes.clear();
        for (int64_t minute = 0; minute < until; ++minute) {
            const size_t before = world.sink.of("heartbeat").size();
            world.engine->tick();
            if (world.sink.of("heartbeat").size() > before)
                minutes.push_back(minute);
            world.steady += 60 * kSecond;
        }
    };
    run(28);
    CHECK(minutes == std::vector<int64_t>{1, 2, 3, 4, 5, 15, 25});
    world.set_rules(kRule);
    run(3);
    CHECK(minutes == std::vector<int64_t>{1, 2});
    const boost::json::object policy = world.sink.of("heartbeat")[0].at("policy").as_object();
    CHECK(policy.at("name").as_string() == "test.policy");
    CHECK(policy.at("status").as_string() == "loaded");
    CHECK_FALSE(policy.contains("rules"));
}

TEST_CASE("internal: a busy engine writes heartbeats too, a replay none") {
    for (const bool heartbeat : {true, false}) {
        World world([heartbeat](EngineOptions& options) { options.heartbeat = heartbeat; });
        world.set_rules(kRule);
        one_open(world, kCat);
        world.steady += 61 * kSecond;
        one_open(world, kCat);
        CHECK(world.sink.of("heartbeat").size() == (heartbeat ? 1 : 0));
    }
}

TEST_CASE("internal: a load that failed is told, and the rules before stay in force") {
    World world;
    world.set_rules(kRule);
    world.engine->tick();
    world.engine->load_failed(rules("rules: ["), "policy 'test.policy' cannot be loaded");
    world.engine->load_failed(nullptr, "no such directory");
    v1::Batch batch = batch_with_tree();
    add_open(batch, "/x");
    world.run(batch);
    const auto lines = world.sink.of("ruleset_loaded");
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].at("status").as_string() == "loaded");
    CHECK(lines[1].at("status").as_string() == "failed");
    CHECK(lines[1].at("message").as_string() == "policy 'test.policy' cannot be loaded");
    CHECK(lines[1].at("policies").at(0).at("status").as_string() == "error");
    CHECK(lines[2].at("policies").as_array().empty());
    CHECK(world.sink.of("any").size() == 1);
}

TEST_CASE("internal: loads are told in their order, also those of one moment") {
    World world;
    world.set_rules(kRule);
    world.engine->tick();
    world.engine->load_failed(nullptr, "first");
    world.engine->set_policies(rules(kRule));
    world.engine->load_failed(nullptr, "second");
    world.engine->tick();
    const auto lines = world.sink.of("ruleset_loaded");
    REQUIRE(lines.size() == 4);
    CHECK(lines[1].at("message").as_string() == "first");
    CHECK(lines[2].at("status").as_string() == "loaded");
    CHECK(lines[3].at("message").as_string() == "second");
}

TEST_CASE("internal: a self-test's result is a line") {
    World world;
    world.engine->self_test_done({{"open"}, {"exec"}, {}});
    world.engine->tick();
    const auto lines = world.sink.of("self_test");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].at("success").at(0).as_string() == "open");
    CHECK(lines[0].at("fails").at(0).as_string() == "exec");
    CHECK(lines[0].at("title").as_string() == "The self-test failed");
    CHECK(lines[0].at("service").as_string() == "runtime-security-agent");
}

TEST_CASE("internal: an event of an unknown process, once in 30 seconds") {
    World world;
    for (int i = 0; i < 3; ++i)
        one_open(world, 99);
    CHECK(world.sink.of("no_process_context").size() == 1);
    world.steady += 30 * kSecond;
    one_open(world, 99);
    const auto lines = world.sink.of("no_process_context");
    REQUIRE(lines.size() == 2);
    CHECK_FALSE(lines[0].contains("suppressed"));
    CHECK(lines[1].at("suppressed").as_int64() == 2);
    CHECK(lines[1].at("triggering_event").at("file").at("path").as_string() == "/y");
    CHECK(world.metric("vedette_agent_integrity_total", {{"kind", "no_process_context"}}) == 4);
    CHECK(world.metric("vedette_agent_integrity_suppressed_total",
                       {{"kind", "no_process_context"}}) == 2);
}

TEST_CASE("internal: a path that should have been there") {
    World world;
    world.run(batch_with_tree());
    one_open(world, kCat);
    one_open(world, kCat, "the call failed", VDT_FILE_NO_INODE);
    one_open(world, kCat, "its mount is attached nowhere", VDT_FILE_DETACHED);
    CHECK(world.sink.of("abnormal_path").empty());
    one_open(world, kCat, "too long", VDT_FILE_TRUNCATED);
    const auto lines = world.sink.of("abnormal_path");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].at("error").as_string() == "too long");
    CHECK(lines[0].at("triggering_event").at("process").at("comm").as_string() == "cat");
}

TEST_CASE("internal: an exec whose ancestors are not complete") {
    const auto error = [](const auto& damage) -> std::string {
        World world;
        v1::Batch batch = batch_with_tree();
        damage(process_of(batch, kBash), process_of(batch, kCat));
        add_event(batch, kCat).mutable_exec();
        world.run(batch);
        const auto lines = world.sink.of("broken_process_lineage");
        return lines.empty() ? "" : std::string(lines[0].at("error").as_string());
    };
    using Node = v1::ProcessNode;
    CHECK(error([](Node&, Node&) {}).empty());
    CHECK(error([](Node&, Node& cat) { cat.set_parent_key(0); }) == "missing parent");
    CHECK(error([](Node&, Node& cat) { cat.set_parent_key(77); }) == "missing parent");
    CHECK(error([](Node&, Node& cat) { cat.set_lineage_dropped(2); }) ==
          "incomplete: images before this one were dropped");
    CHECK(error([](Node& bash, Node&) { bash.set_source(Node::SOURCE_PLACEHOLDER); }) ==
          "placeholder: the parent was never seen");
    CHECK(error([](Node&, Node& cat) {  // a kernel thread
              cat.set_parent_key(0);
              cat.set_is_kworker(true);
          })
              .empty());
}
