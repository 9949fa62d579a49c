// SPDX-License-Identifier: Apache-2.0
//
// Answers of Docker and Podman, as recorded from Podman 4.3.1 and in Docker's documented shape, and what nobody would
// send who means well.
#include "system-probe/runtimes/docker_api.h"
#include "system-probe/runtimes/workload_facts.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::probe;

namespace {

const std::string kId(64, 'a');
const std::string kPodId(64, 'b');

std::string docker_container() {
    return R"({"Id":")" + kId +
           R"(","Created":"2026-11-22T15:00:00.5Z","Path":"nginx","Name":"/web","State":{"Running":true},
      "Image":"sha256:1111","Config":{"Image":"nginx:1.25","Labels":{"team":"shop","n":7,"com.docker.compose.service":"web"}}})";
}

std::string podman_container() {
    return R"({"Id":")" + kId +
           R"(","Created":"2026-11-22T16:00:00.5+01:00","Name":"web","Image":"2222",
      "ImageName":"docker.io/library/nginx:1.25","ImageDigest":"sha256:3333","IsInfra":false,"Pod":")" +
           kPodId + R"(","Config":{"Image":"docker.io/library/nginx:1.25","Labels":null}})";
}

}  // namespace

TEST_CASE("docker: one container") {
    const auto container = parse_container(docker_container(), "docker");
    REQUIRE(container);
    CHECK(container->container_id() == kId);
    CHECK(container->metadata() == v1::Workload::METADATA_KNOWN);
    CHECK(container->runtime() == "docker");
    CHECK(container->name() == "web");
    CHECK(container->image().name() == "nginx");
    CHECK(container->image().tag() == "1.25");
    CHECK(container->image().id() == "sha256:1111");
    CHECK(container->image().digest().empty());
    CHECK(container->created_at() == 1'795'359'600'500'000'000);
    CHECK(find_label(container->labels(), "team") == "shop");
    CHECK(container->labels_size() == 2);  // a label that is no text is left out
    CHECK_FALSE(container->has_pod());
    CHECK_FALSE(container->pause());
}

TEST_CASE("podman: one container with its pod") {
    const auto container = parse_container(podman_container(), "podman");
    REQUIRE(container);
    CHECK(container->name() == "web");
    CHECK(container->image().name() == "docker.io/library/nginx");
    CHECK(container->image().digest() == "sha256:3333");
    CHECK(container->created_at() == 1'795'359'600'500'000'000);
    CHECK(container->pod().id() == kPodId);
    const auto pod = parse_pod(R"({"Id":")" + kPodId + R"(","Name":"shop","Labels":{"a":"b"}})");
    REQUIRE(pod);
    CHECK(pod->name() == "shop");
    CHECK(find_label(pod->labels(), "a") == "b");
    const auto infra = parse_container(R"({"Id":")" + kId + R"(","IsInfra":true})", "podman");
    REQUIRE(infra);
    CHECK(infra->pause());
}

TEST_CASE("docker: the list, and the digest of an image") {
    const auto ids = parse_container_list(
        R"([{"Id":")" + kId + R"(","Names":["/web"]},{"Id":7},{},"x",{"Id":"../etc"}])");
    REQUIRE(ids);
    CHECK(*ids == std::vector<std::string>{kId});
    std::string many = "[";
    for (size_t i = 0; i < kMaxListed + 100; ++i)
        many += R"({"Id":"ab"},)";
    many.back() = ']';
    CHECK(parse_container_list(many)->size() == kMaxListed);
    const char* image = R"({"RepoDigests":["a/b@sha256:1","nginx@sha256:2","junk",4]})";
    CHECK(parse_image_digest(image, "nginx") == "sha256:2");
    CHECK(parse_image_digest(image, "other") == "sha256:1");
    CHECK(parse_image_digest("{}", "x").empty());
    CHECK(parse_image_digest("[]", "x").empty());
}

TEST_CASE("docker: hostile answers are errors or count as not said, and never end the probe") {
    for (const std::string& body :
         {std::string(), std::string("null"), std::string("[]"), std::string("{}"),
          std::string("{"), std::string("\xff\xfe"), std::string(R"({"Id":5})"),
          std::string(R"({"Id":"../../x"})"), std::string(100'000, '['),
          R"({"Id":")" + std::string(200, 'a') + "\"}"}) {
        CHECK_FALSE(parse_container(body, "docker"));
        if (body != "[]")
            CHECK_FALSE(parse_container_list(body));
    }
    const auto wrong_types =
        parse_container(R"({"Id":")" + kId + R"(","Name":[],"Created":{},"Image":true,"Config":"x",
        "IsInfra":"yes","Pod":{},"ImageName":1})",
                        "docker");
    REQUIRE(wrong_types);
    CHECK(wrong_types->name().empty());
    CHECK(wrong_types->created_at() == 0);
    CHECK_FALSE(wrong_types->pause());
    const auto huge =
        parse_container(R"({"Id":")" + kId + R"(","Name":"/)" + std::string(1'000'000, 'n') +
                            R"(","Config":{"Image":")" + std::string(1'000'000, 'i') + "\"}}",
                        "docker");
    REQUIRE(huge);
    CHECK(huge->ByteSizeLong() < 4096);
    for (size_t cut = 0; cut < docker_container().size(); ++cut)
        CHECK_FALSE(parse_container(docker_container().substr(0, cut), "docker"));
}
