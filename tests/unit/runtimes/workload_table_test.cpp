// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/workload_table.h"

#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::probe;

namespace {

using Strings = std::vector<std::string>;

struct World : WorkloadSink {
    bool answers = true;
    Strings asked, forgotten;
    Strings sent;  ///< "id metadata", "id gone"
    WorkloadTable table{{.ask =
                             [this](const std::string& id) {
                                 asked.push_back(id);
                                 return answers;
                             },
                         .forget =
                             [this](const std::string& id) {
                                 forgotten.push_back(id);
                                 return answers;
                             }},
                        *this};
    size_t account = 0;
    Workloads workloads{account, 0, [this](const auto& container) { table.appeared(container); }};

    void workload_changed(v1::Workload workload) override {
        sent.push_back(workload.container_id().substr(0, 1) + " " +
                       v1::Workload::Metadata_Name(workload.metadata()).substr(9));
    }
    void workload_gone(const std::string& id) override {
        sent.push_back(id.substr(0, 1) + " gone");
    }
    Strings take() { return std::exchange(sent, {}); }

    /// A process is in the container of that letter.
    WorkloadPtr enter(char letter, uint64_t cgroup = 7) {
        return workloads.get(cgroup, "/x/libpod-" + std::string(64, letter), 5);
    }
    void say(char letter, v1::Workload::Metadata metadata, const std::string& name = "n") {
        v1::Workload workload;
        workload.set_container_id(std::string(64, letter));
        workload.set_metadata(metadata);
        workload.set_name(name);
        table.found(workload);
    }
};

}  // namespace

TEST_CASE("table: asked once, told once, amended, forgotten with its last process") {
    World world;
    auto process = world.enter('a');
    CHECK(world.asked == Strings{std::string(64, 'a')});
    CHECK(world.take() == Strings{"a PENDING"});
    auto second = world.enter('a', 8);
    CHECK(world.asked.size() == 1);
    world.say('a', v1::Workload::METADATA_UNKNOWN);
    world.say('a', v1::Workload::METADATA_KNOWN);
    world.say('a', v1::Workload::METADATA_KNOWN);
    CHECK(world.take() == Strings{"a UNKNOWN", "a KNOWN"});
    world.say('a', v1::Workload::METADATA_KNOWN, "renamed");
    CHECK(world.take() == Strings{"a KNOWN"});
    world.say('a', v1::Workload::METADATA_UNKNOWN);  // its runtime is away for a moment
    CHECK(world.take().empty());

    process.reset();
    world.table.sweep();
    CHECK(world.forgotten.empty());
    second.reset();
    world.table.sweep();
    world.table.sweep();
    CHECK(world.forgotten.size() == 1);
    world.table.ended(std::string(64, 'a'));
    CHECK(world.take() == Strings{"a gone"});
    size_t left = 0;
    world.table.for_each([&left](const v1::Workload&) { ++left; });
    CHECK(left == 0);
}

TEST_CASE("table: a container that has come back has not ended") {
    World world;
    world.enter('a');  // and left at once
    world.table.sweep();
    const auto again = world.enter('a');
    CHECK(world.asked.size() == 2);
    world.table.ended(std::string(64, 'a'));
    CHECK(world.take() == Strings{"a PENDING"});
}

TEST_CASE("table: nobody to ask") {
    World world;
    world.answers = false;
    const auto process = world.enter('a');
    CHECK(world.take() == Strings{"a UNKNOWN"});
    WorkloadTable silent({}, world);
    silent.appeared(process->container);
    CHECK(world.take().empty());
}

TEST_CASE(
    "table: a runtime may list containers that no process is seen in; others it is not believed") {
    World world;
    world.say('a', v1::Workload::METADATA_UNKNOWN);
    CHECK(world.take().empty());
    world.say('a', v1::Workload::METADATA_KNOWN);
    CHECK(world.take() == Strings{"a KNOWN"});
    world.table.ended(std::string(64, 'a'));
    CHECK(world.take() == Strings{"a gone"});
}

TEST_CASE("table: bounded") {
    World world;
    std::vector<WorkloadPtr> processes;
    for (size_t i = 0; i < WorkloadTable::kMaxWorkloads + 100; ++i) {
        std::string id = std::to_string(i);
        id.insert(0, 64 - id.size(), 'a');
        processes.push_back(world.workloads.get(i + 1, "/" + id, 5));
    }
    CHECK(world.asked.size() == WorkloadTable::kMaxWorkloads);
}
