// SPDX-License-Identifier: Apache-2.0
//
// Rules on what is not known yet (docs/adr/0008): neither fired nor suppressed before it is.
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

using Strings = std::vector<std::string>;

constexpr char kPolicy[] = R"(
rules:
  - id: denied
    expression: open.file.path == "/x" && process.container.tags not in ["image:good"]
    actions:
      - set: {name: seen, field: open.file.path, append: true}
  - id: wanted
    expression: open.file.path == "/x" && "image:good" in process.container.tags
  - {id: plain, expression: 'open.file.path == "/x"'}
)";

/// cat runs in a container that its runtime has not described yet.
v1::ProcessNode pending_cat() {
    v1::ProcessNode cat = node(kCat);
    cat.mutable_container()->set_id("c1");
    cat.mutable_container()->set_metadata_pending(true);
    return cat;
}

v1::Batch start(World& world) {
    world.set_rules(kPolicy);
    v1::Batch batch = batch_with_tree();
    process_of(batch, kCat) = pending_cat();
    return batch;
}

v1::Batch next_batch(World& world) {
    v1::Batch batch;
    batch.set_first_sequence(world.engine->position().last_sequence + 1);
    return batch;
}

void metadata_arrives(World& world, const std::string& tag) {
    v1::Batch batch = next_batch(world);
    v1::ProcessNode& cat = *batch.add_processes()->mutable_node();
    cat = pending_cat();
    cat.mutable_container()->add_tags(tag);
    cat.mutable_container()->set_metadata_pending(false);
    world.run(batch);
}

void later(World& world, int64_t nanoseconds) {
    v1::Batch batch = next_batch(world);
    add_open(batch, "/other").set_timestamp(kTime + static_cast<uint64_t>(nanoseconds));
    world.run(batch);
}

std::string decided(World& world, const std::string& rule) {
    const boost::json::object alert = world.sink.of(rule).at(0);
    const auto* how = alert.at("evt").as_object().if_contains("decided");
    return how ? std::string(how->as_string()) : "";
}

}  // namespace

TEST_CASE("parked: what is decidable is decided at once, the rest when the metadata comes") {
    for (const auto& [tag, rule] :
         {std::pair<std::string, std::string>("image:good", "wanted"), {"image:bad", "denied"}}) {
        World world;
        v1::Batch batch = start(world);
        add_open(batch, "/x");
        add_open(batch, "/y");
        world.run(batch);
        CHECK(world.alerted() == Strings{"plain"});
        CHECK(world.engine->status().parked.waiting == 1);
        CHECK(world.engine->status().variables.values == 0);
        metadata_arrives(world, tag);
        CHECK(world.alerted() == Strings{"plain", rule});
        CHECK(decided(world, "plain").empty());
        CHECK(decided(world, rule) == "late");
        CHECK(world.engine->status().variables.values == (rule == "denied" ? 1 : 0));
        CHECK(world.engine->status().parked.waiting == 0);
        CHECK(world.engine->status().parked.bytes == 0);
        CHECK(world.engine->status().parked.late == 1);
        later(world, 7'000'000'000);
        world.engine->finish();
        CHECK(world.alerted().size() == 2);
    }
}

TEST_CASE("parked: after six seconds of event time what is unknown counts as nothing") {
    World world;
    v1::Batch batch = start(world);
    add_open(batch, "/x");
    world.run(batch);
    later(world, 5'999'999'999);
    CHECK(world.alerted() == Strings{"plain"});
    later(world, 6'000'000'000);
    CHECK(world.alerted() == Strings{"plain", "denied"});
    CHECK(decided(world, "denied") == "incomplete");
    const boost::json::object alert = world.sink.of("denied").at(0);
    CHECK(alert.at("date").as_string() == "2026-09-21T14:13:20.123456789Z");
    CHECK(world.engine->status().parked.incomplete == 1);
}

TEST_CASE("parked: a quiet host decides by its clock") {
    int64_t wall = kTime;
    World world([&wall](EngineOptions& options) { options.wall_ns = [&wall] { return wall; }; });
    v1::Batch batch = start(world);
    add_open(batch, "/x");
    world.run(batch);
    wall += 5'000'000'000;
    world.engine->tick();
    CHECK(world.engine->status().parked.waiting == 1);
    wall += 1'000'000'000;
    world.engine->tick();
    CHECK(world.alerted() == Strings{"plain", "denied"});
}

TEST_CASE("parked: a process that is forgotten, a new probe and the end decide") {
    const auto alerted_after = [](const auto& act) {
        World world;
        v1::Batch batch = start(world);
        add_open(batch, "/x");
        world.run(batch);
        act(world);
        CHECK(world.engine->status().parked.waiting == 0);
        CHECK(world.sink.of("denied").at(0).at("process").at("comm").as_string() == "cat");
        return world.alerted();
    };
    const Strings both = {"plain", "denied"};
    CHECK(alerted_after([](World& world) {
              v1::Batch batch = next_batch(world);
              v1::ProcessUpdate& gone = *batch.add_processes();
              gone.mutable_node()->set_key(kCat);
              gone.set_gone(true);
              world.run(batch);
          }) == both);
    CHECK(alerted_after([](World& world) {
              v1::Welcome welcome;
              welcome.set_instance_id(9);
              world.engine->welcome(welcome);
          }) == both);
    CHECK(alerted_after([](World& world) { world.engine->finish(); }) == both);
}

TEST_CASE("parked: the event keeps its process as it was and the rules that it met") {
    World world;
    v1::Batch batch = start(world);
    add_open(batch, "/x");
    world.run(batch);
    world.set_rules("rules: [{id: new, expression: 'open.file.path == \"/x\"'}]");
    v1::Batch renamed = next_batch(world);
    v1::ProcessNode& cat = *renamed.add_processes()->mutable_node();
    cat = pending_cat();
    cat.set_comm("other");
    world.run(renamed);
    metadata_arrives(world, "image:good");
    CHECK(world.alerted() == Strings{"plain", "wanted"});
    CHECK(world.sink.of("wanted").at(0).at("process").at("comm").as_string() == "cat");
    CHECK(world.engine->status().rules.count("wanted") == 0);
}

TEST_CASE("parked: bounded in number and memory, the oldest is decided first") {
    for (const bool by_number : {true, false}) {
        World world([by_number](EngineOptions& options) {
            if (by_number)
                options.parked.max_events = 3;
            else
                options.parked.max_bytes = 8 << 10;
            options.limit.burst = 1000;
        });
        v1::Batch batch = start(world);
        for (int i = 0; i < 50; ++i)
            add_open(batch, "/x");
        world.run(batch);
        const auto parked = world.engine->status().parked;
        CHECK(parked.parked == 50);
        CHECK(parked.waiting + parked.incomplete == 50);
        CHECK(parked.waiting >= 1);
        CHECK(parked.waiting <= 10);
        CHECK((by_number || parked.bytes <= 8 << 10));
        metadata_arrives(world, "image:good");
        CHECK(world.sink.of("wanted").size() == parked.waiting);
        CHECK(world.sink.of("denied").size() == parked.incomplete);
    }
}
