// SPDX-License-Identifier: Apache-2.0
//
// What container runtimes say, as the engine gets it: tags for rules, names in alerts, before and after they have
// answered (docs/adr/0019).
#include "security-agent/engine/workload_tags.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

using Strings = std::vector<std::string>;

constexpr char kPolicy[] = R"(
rules:
  - {id: good, expression: 'open.file.path == "/x" && container.tags == "image_name:good"'}
  - {id: other, expression: 'open.file.path == "/x" && container.tags not in ["image_name:good"]'}
  - {id: plain, expression: 'open.file.path == "/x"'}
)";

v1::Workload workload(v1::Workload::Metadata metadata, const std::string& image = "good") {
    v1::Workload out;
    out.set_container_id("c1");
    out.set_metadata(metadata);
    if (metadata != v1::Workload::METADATA_KNOWN)
        return out;
    out.set_name("web");
    out.set_runtime("podman");
    out.mutable_image()->set_name(image);
    out.mutable_image()->set_tag("1.2");
    out.mutable_pod()->set_name("web-0");
    return out;
}

/// cat runs in container c1.
v1::Batch start(World& world) {
    world.set_rules(kPolicy);
    v1::Batch batch = batch_with_tree();
    process_of(batch, kCat).mutable_container()->set_id("c1");
    return batch;
}

void add(v1::Batch& batch, v1::Workload said, uint32_t before_event = 0) {
    v1::WorkloadUpdate& update = *batch.add_workloads();
    *update.mutable_workload() = std::move(said);
    update.set_before_event(before_event);
}

void run(World& world, v1::Workload said) {
    v1::Batch batch;
    batch.set_first_sequence(world.engine->position().last_sequence + 1);
    add(batch, std::move(said));
    world.run(batch);
}

boost::json::object container_of(World& world, const std::string& rule) {
    return world.sink.of(rule).at(0).at("container").as_object();
}

Strings tags(const v1::Workload& said, const Strings& label_tags = {}) {
    return workload_tags(said, label_tags);
}

bool has(const Strings& list, const std::string& tag) {
    return std::find(list.begin(), list.end(), tag) != list.end();
}

}  // namespace

TEST_CASE("workload: tags as rules know them, under the long and the familiar name of an image") {
    v1::Workload said = workload(v1::Workload::METADATA_KNOWN, "docker.io/library/nginx");
    said.mutable_pod()->set_namespace_("shop");
    for (const char* tag :
         {"container_id:c1", "container_name:web", "image_name:docker.io/library/nginx",
          "image_name:nginx", "short_image:nginx", "image_tag:1.2", "pod_name:web-0",
          "kube_namespace:shop", "kube_container_name:web"})
        CHECK(has(tags(said), tag));
    said.mutable_image()->set_name("quay.io/team/app");
    CHECK(has(tags(said), "short_image:app"));
    CHECK(familiar_image_name("docker.io/grafana/loki") == "grafana/loki");
    CHECK(familiar_image_name("quay.io/docker.io/x") == "quay.io/docker.io/x");
    said.set_pause(true);
    CHECK_FALSE(has(tags(said), "kube_container_name:web"));
    CHECK(tags(workload(v1::Workload::METADATA_UNKNOWN)).empty());
    CHECK(tags(workload(v1::Workload::METADATA_PENDING)).empty());
}

TEST_CASE("workload: labels become tags when asked for, usual ones always, each tag once") {
    v1::Workload said = workload(v1::Workload::METADATA_KNOWN);
    const auto label = [](auto& labels, const char* key, const char* value) {
        auto& one = *labels.Add();
        one.set_key(key);
        one.set_value(value);
    };
    label(*said.mutable_labels(), "team", "shop");
    label(*said.mutable_labels(), "secret", "s");
    label(*said.mutable_labels(), "tags.datadoghq.com/env", "prod");
    label(*said.mutable_pod()->mutable_labels(), "app.kubernetes.io/name", "store");
    label(*said.mutable_pod()->mutable_labels(), "team", "shop");
    const Strings usual = tags(said);
    CHECK(has(usual, "env:prod"));
    CHECK(has(usual, "kube_app_name:store"));
    CHECK_FALSE(has(usual, "team:shop"));
    const Strings some = tags(said, {"team"});
    CHECK(std::count(some.begin(), some.end(), "team:shop") == 1);
    CHECK_FALSE(has(some, "secret:s"));
    CHECK(has(tags(said, {"*"}), "secret:s"));
    for (int i = 0; i < 1000; ++i)
        label(*said.mutable_labels(), ("k" + std::to_string(i)).c_str(), "v");
    CHECK(tags(said, {"*"}).size() <= 128);
}

TEST_CASE("workload: known before the event, everything is decided and written at once") {
    World world;
    v1::Batch batch = start(world);
    add(batch, workload(v1::Workload::METADATA_KNOWN));
    add_open(batch, "/x");
    world.run(batch);
    CHECK(world.alerted() == Strings{"good", "plain"});
    const auto container = container_of(world, "plain");
    CHECK(container.at("id") == "c1");
    CHECK(container.at("name") == "web");
    CHECK(container.at("runtime") == "podman");
    CHECK(container.at("image").as_object().at("tag") == "1.2");
    CHECK(container.at("pod").as_object().at("name") == "web-0");
    CHECK_FALSE(container.contains("metadata"));
}

TEST_CASE("workload: while a runtime is asked, rules and alerts wait for its answer") {
    for (const auto& [image, rule] :
         {std::pair<std::string, std::string>("good", "good"), {"bad", "other"}}) {
        World world;
        v1::Batch batch = start(world);
        add(batch, workload(v1::Workload::METADATA_PENDING));
        add_open(batch, "/x");
        world.run(batch);
        CHECK(
            world.alerted().empty());  // `plain` is decided, and waits only for the names it shows
        CHECK(world.engine->status().parked.waiting == 1);
        run(world, workload(v1::Workload::METADATA_KNOWN, image));
        CHECK(world.alerted() == Strings{"plain", rule});
        CHECK(container_of(world, "plain").at("name") == "web");
        CHECK_FALSE(container_of(world, "plain").contains("metadata"));
        CHECK(world.sink.of(rule).at(0).at("evt").as_object().at("decided") == "late");
        CHECK(world.engine->status().parked.waiting == 0);
    }
}

TEST_CASE("workload: no runtime knows it: no tags, and the alert says so") {
    World world;
    v1::Batch batch = start(world);
    add(batch, workload(v1::Workload::METADATA_PENDING));
    add_open(batch, "/x");
    world.run(batch);
    run(world, workload(v1::Workload::METADATA_UNKNOWN));
    CHECK(world.alerted() == Strings{"plain", "other"});
    CHECK(container_of(world, "plain").at("metadata") == "unknown");
}

TEST_CASE("workload: an answer that never comes does not keep alerts for ever") {
    World world;
    v1::Batch batch = start(world);
    add(batch, workload(v1::Workload::METADATA_PENDING));
    add_open(batch, "/x");
    world.run(batch);
    world.steady += 7'000'000'000;
    v1::Batch later;
    later.set_first_sequence(world.engine->position().last_sequence + 1);
    add_open(later, "/y").set_timestamp(kTime + 7'000'000'000);
    world.run(later);
    CHECK(world.alerted() == Strings{"other", "plain"});
    CHECK(container_of(world, "plain").at("metadata") == "pending");
    CHECK(world.sink.of("other").at(0).at("evt").as_object().at("decided") == "incomplete");
}

TEST_CASE("workload: late metadata amends, what is gone is forgotten, a reset forgets all") {
    World world;
    v1::Batch batch = start(world);
    add(batch, workload(v1::Workload::METADATA_UNKNOWN));
    world.run(batch);
    run(world, workload(v1::Workload::METADATA_KNOWN));
    v1::Batch more;
    more.set_first_sequence(world.engine->position().last_sequence + 1);
    add_open(more, "/x");
    world.run(more);
    CHECK(world.alerted() == Strings{"good", "plain"});
    auto listed = world.engine->workloads();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].processes == 1);
    CHECK(listed[0].workload->facts.name() == "web");

    v1::Batch gone;
    gone.set_first_sequence(world.engine->position().last_sequence + 1);
    auto& update = *gone.add_workloads();
    update.mutable_workload()->set_container_id("c1");
    update.set_gone(true);
    world.run(gone);
    CHECK(world.engine->workloads().empty());

    run(world, workload(v1::Workload::METADATA_KNOWN));
    v1::Welcome welcome;
    welcome.set_instance_id(99);
    welcome.set_next_sequence(1);
    welcome.set_reset_mirror(true);
    world.engine->welcome(welcome);
    CHECK(world.engine->workloads().empty());
}

TEST_CASE("workload: comes before the processes and events that stand at the same place") {
    World world;
    v1::Batch batch = start(world);
    add_open(batch, "/x");
    add_open(batch, "/x");
    add(batch, workload(v1::Workload::METADATA_KNOWN, "bad"), 0);
    add(batch, workload(v1::Workload::METADATA_KNOWN, "good"), 1);
    world.run(batch);
    CHECK(world.alerted() == Strings{"other", "plain", "good", "plain"});
}
