// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/workload_finder.h"

#include "tests/unit/catch.h"
#include "tests/unit/runtimes/fake_runtime.h"

using namespace vedette;
using namespace vedette::probe;
using std::chrono::milliseconds;
using std::chrono::seconds;
using vedette::probe::test::FakeHost;

namespace {

struct World {
    FakeHost host;
    RuntimeSet runtimes{{"a"}, host.open()};
    std::map<std::string, v1::Workload> said;  ///< the last word about each
    std::vector<std::string> ended;
    WorkloadFinder finder;
    WorkloadFinder::Clock::time_point now{std::chrono::hours(1)};

    explicit World(WorkloadFinder::Options options = {})
        : finder(runtimes, options,
                 {.found = [this](v1::Workload found) { said[found.container_id()] = found; },
                  .ended = [this](const std::string& id) { ended.push_back(id); }}) {}

    FakeHost::Runtime& runtime() { return host.runtimes["a"]; }
    void ask(const std::string& id) { finder.ask(id, now); }
    /// As its thread does: works whenever something is due.
    void pass(milliseconds time) {
        const auto end = now + time;
        while (true) {
            const auto next = finder.work(now);
            REQUIRE(next > now);
            if (next > end)
                break;
            now = next;
        }
        now = end;
    }
    std::string metadata(const std::string& id) {
        return said.contains(id) ? v1::Workload::Metadata_Name(said[id].metadata()) : "";
    }
};

}  // namespace

TEST_CASE("finder: a container is described at once") {
    World world;
    world.runtime().containers = {"1"};
    world.ask("1");
    world.pass(milliseconds(1));
    CHECK(world.metadata("1") == "METADATA_KNOWN");
    CHECK(world.said["1"].name() == "name of 1");
    CHECK(world.finder.counts().known == 1);
}

TEST_CASE("finder: a runtime that writes it down late is asked again, for five seconds") {
    World world;
    world.ask("1");
    world.pass(seconds(1));
    CHECK(world.metadata("1").empty());
    CHECK(world.finder.counts().pending == 1);
    world.runtime().containers = {"1"};
    world.pass(seconds(2));
    CHECK(world.metadata("1") == "METADATA_KNOWN");

    world.ask("2");
    world.pass(milliseconds(4900));
    CHECK(world.metadata("2").empty());
    world.pass(seconds(1));
    CHECK(world.metadata("2") == "METADATA_UNKNOWN");
    CHECK(world.runtime().finds < 40);
    // Late metadata amends: the list shows it.
    world.runtime().containers.insert("2");
    world.pass(seconds(31));
    CHECK(world.metadata("2") == "METADATA_KNOWN");
}

TEST_CASE("finder: without runtimes nobody waits; one that comes later is noticed") {
    World world;
    world.runtime().there = false;
    world.ask("1");
    world.pass(milliseconds(1));
    CHECK(world.metadata("1") == "METADATA_UNKNOWN");
    for (int i = 0; i < 100; ++i)
        world.ask("many-" + std::to_string(i));
    world.pass(milliseconds(1));
    CHECK(world.finder.counts().unknown == 101);
    world.runtime().there = true;
    world.runtime().containers = {"1"};
    world.pass(seconds(31));
    CHECK(world.metadata("1") == "METADATA_KNOWN");
}

TEST_CASE("finder: what runs without a process that is seen is listed, and ends") {
    World world;
    world.runtime().containers = {"1"};
    world.pass(milliseconds(1));
    CHECK(world.metadata("1") == "METADATA_KNOWN");
    world.runtime().containers.clear();
    world.pass(seconds(31));
    CHECK(world.ended == std::vector<std::string>{"1"});
    CHECK(world.finder.counts().known == 0);
}

TEST_CASE("finder: a container ends when no process is in it and it does not run") {
    World world;
    world.runtime().containers = {"1"};
    world.ask("1");
    world.pass(milliseconds(1));
    world.runtime().containers.clear();
    world.runtime().stopped = {"1"};
    world.pass(seconds(31));
    CHECK(world.ended.empty());  // a process of it is still known
    world.finder.forget("1", world.now);
    world.pass(seconds(2));
    CHECK(world.ended == std::vector<std::string>{"1"});

    world.runtime().containers = {"2"};
    world.ask("2");
    world.pass(seconds(31));
    world.finder.forget("2", world.now);  // between two looks: it still seems to run
    world.runtime().containers.clear();
    world.pass(seconds(2));
    CHECK(world.ended.size() == 2);
    world.finder.forget("never seen", world.now);
    CHECK(world.ended.size() == 3);
}

TEST_CASE("finder: one that comes back is asked about again") {
    World world;
    world.runtime().containers = {"1"};
    world.ask("1");
    world.pass(milliseconds(1));
    world.finder.forget("1", world.now);
    world.said.clear();
    world.ask("1");
    world.pass(seconds(2));
    CHECK(world.metadata("1") == "METADATA_KNOWN");
    CHECK(world.ended.empty());
}

TEST_CASE("finder: a flood of made-up containers costs lists, not a question each") {
    World world({.refresh = milliseconds(30'000), .max_containers = 1000});
    world.runtime().containers = {"real"};
    world.pass(milliseconds(1));
    for (int i = 0; i < 5000; ++i)
        world.ask("made-up-" + std::to_string(i));
    world.ask("real");
    world.pass(seconds(10));
    CHECK(world.metadata("made-up-0") == "METADATA_UNKNOWN");
    CHECK(world.metadata("made-up-4999") == "METADATA_UNKNOWN");
    CHECK(world.finder.counts().refused >= 4000);
    CHECK(world.runtime().finds < 20);
    CHECK(world.runtime().lists < 20);
    CHECK(world.metadata("real") == "METADATA_KNOWN");
}
