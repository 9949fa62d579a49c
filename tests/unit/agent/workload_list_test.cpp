// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/workload_list.h"

#include <boost/json/serialize.hpp>

#include "security-agent/cli/workload_command.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::app;
using boost::json::object;

namespace {

engine::Engine::RunningWorkload running(const std::string& id, const std::string& name,
                                        const std::string& pod = {}, bool pause = false) {
    auto known = std::make_shared<engine::KnownWorkload>();
    v1::Workload& facts = known->facts;
    facts.set_container_id(id);
    facts.set_metadata(v1::Workload::METADATA_KNOWN);
    facts.set_name(name);
    facts.set_runtime("containerd");
    facts.mutable_image()->set_name("docker.io/library/nginx");
    facts.mutable_image()->set_tag("1.25");
    if (!pod.empty()) {
        facts.mutable_pod()->set_uid("uid-" + pod);
        facts.mutable_pod()->set_name(pod);
        facts.mutable_pod()->set_namespace_("shop");
    }
    facts.set_pause(pause);
    auto& label = *facts.add_labels();
    label.set_key("team\x1b[31m");
    label.set_value("red\n");
    known->tags = {"container_name:" + name, "image_name:nginx"};
    return {std::move(known), 2};
}

RunningWorkloads some() {
    auto pending = std::make_shared<engine::KnownWorkload>();
    pending->facts.set_container_id("c3");
    pending->facts.set_metadata(v1::Workload::METADATA_PENDING);
    return {running("c2", "web", "web-0"),
            running("c1", "pause", "web-0", true),
            {std::move(pending), 1}};
}

object entities(const api::WorkloadQuery& query) {
    return workload_list(some(), query).at("entities").as_object();
}

}  // namespace

TEST_CASE("workload-list: the shape of the reference") {
    const object all = entities({});
    const object infos = all.at("container").as_object().at("infos").as_object();
    REQUIRE(infos.size() == 3);
    CHECK(infos.begin()->key() == "sources(merged):[probe containerd] id: c1");
    const std::string text(infos.at("sources(merged):[probe containerd] id: c2").as_string());
    CHECK(text.find("name: web\n") != std::string::npos);
    CHECK(text.find("  tag: 1.25\n") != std::string::npos);
    CHECK(text.find("team") == std::string::npos);
    CHECK(infos.at("sources(merged):[probe] id: c3").as_string().find("metadata: pending") !=
          std::string::npos);
    const object pods = all.at("kubernetes_pod").as_object().at("infos").as_object();
    CHECK(pods.size() == 1);
    CHECK(pods.contains("sources(merged):[probe containerd] id: uid-web-0"));
    CHECK(workload_list({}, {}) == object{{"entities", object{}}});
}

TEST_CASE("workload-list: structured, and verbose") {
    const object plain = entities({.structured = true});
    const auto& containers = plain.at("container").as_array();
    REQUIRE(containers.size() == 3);
    CHECK(containers[0].as_object().at("pause").as_bool());
    CHECK_FALSE(containers[1].as_object().contains("labels"));
    CHECK(containers[1].as_object().at("processes").to_number<int>() == 2);
    const object verbose = entities({.verbose = true, .structured = true});
    CHECK(verbose.at("container").as_array()[1].as_object().contains("labels"));
    const auto& pod = verbose.at("kubernetes_pod").as_array()[0].as_object();
    CHECK(pod.at("namespace") == "shop");
    CHECK(pod.at("containers").as_array().size() == 2);
}

TEST_CASE("workload-list: a search looks at ids, names, images, pods and tags, or takes a kind") {
    for (const char* found : {"WEB", "c2", "nginx", "web-0", "container_name:web"}) {
        const object some_of = entities({.structured = true, .search = found});
        REQUIRE(some_of.contains("container"));
        const auto& list = some_of.at("container").as_array();
        CHECK(std::any_of(list.begin(), list.end(),
                          [](const auto& one) { return one.at("id") == "c2"; }));
    }
    CHECK(entities({.structured = true, .search = "no such"}).empty());
    CHECK(entities({.search = "kubernetes_pod"}).size() == 1);
    CHECK(entities({.structured = true, .search = "container"}).at("container").as_array().size() ==
          3);
}

TEST_CASE("workload-list: as text for a terminal, whatever names and labels contain") {
    const std::string table = cli::workload_text(entities({.structured = true}), false);
    CHECK(table.find(
              "c2         web        containerd  docker.io/library/nginx:1.25  shop/web-0  2\n") !=
          std::string::npos);
    CHECK(table.find("(pending)") != std::string::npos);
    const std::string details =
        cli::workload_text(entities({.verbose = true, .structured = true}), true);
    CHECK(details.find("pod uid-web-0") != std::string::npos);
    CHECK(details.find('\x1b') == std::string::npos);
    CHECK(details.find("red\n\n") == std::string::npos);
    CHECK(cli::workload_text({}, false) == "no containers\n");
    const object odd{
        {"container", boost::json::array{1, "x", object{{"id", 5}, {"image", "x"}, {"pod", 7}}}},
        {"kubernetes_pod", "none"}};
    cli::workload_text(odd, false);
    cli::workload_text(odd, true);
}

TEST_CASE("workload-list: how many, for the status page") {
    std::vector<engine::WorkloadPtr> known;
    for (const auto& running : some())
        known.push_back(running.workload);
    const object counts = workload_counts(known);
    CHECK(counts.at("containers").to_number<int>() == 3);
    CHECK(counts.at("pods").to_number<int>() == 1);
    CHECK(counts.at("pending").to_number<int>() == 1);
    CHECK(counts.at("unknown").to_number<int>() == 0);
}
