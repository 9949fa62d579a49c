// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/workload_facts.h"

#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::probe;

namespace {

struct Parts {
    std::string name, tag, digest, id;
    bool operator==(const Parts&) const = default;
};

Parts parts(std::string_view reference) {
    v1::ContainerImage image;
    set_image(image, reference);
    return {image.name(), image.tag(), image.digest(), image.id()};
}

}  // namespace

TEST_CASE("an image's name, tag and digest are told apart") {
    const std::string hex(64, 'a');
    CHECK(parts("nginx:1.25") == Parts{"nginx", "1.25", "", ""});
    CHECK(parts("nginx") == Parts{"nginx", "latest", "", ""});
    CHECK(parts("docker.io/library/nginx:1.25") ==
          Parts{"docker.io/library/nginx", "1.25", "", ""});
    CHECK(parts("localhost:5000/team/app") == Parts{"localhost:5000/team/app", "latest", "", ""});
    CHECK(parts("localhost:5000/app:v2@sha256:" + hex) ==
          Parts{"localhost:5000/app", "v2", "sha256:" + hex, ""});
    CHECK(parts("app@sha256:" + hex) == Parts{"app", "", "sha256:" + hex, ""});
    CHECK(parts("sha256:" + hex) == Parts{"", "", "", "sha256:" + hex});
    CHECK(parts(hex) == Parts{"", "", "", hex});
    for (const char* odd : {"", ":", "@", "/", ":@", "a:", "@b", "://x"})
        parts(odd);
    CHECK(parts(std::string(100'000, 'x')).name.size() == kMaxName);
}

TEST_CASE("labels are bounded in number, length and sum") {
    v1::Workload workload;
    auto& labels = *workload.mutable_labels();
    add_label(labels, "", "nothing");
    add_label(labels, std::string(kMaxName + 1, 'k'), "too long a key");
    CHECK(labels.empty());
    add_label(labels, "long", std::string(100 * kMaxName, 'v'));
    REQUIRE(labels.size() == 1);
    CHECK(labels.Get(0).value().size() == kMaxName);
    for (int i = 0; i < 1000; ++i)
        add_label(labels, "label" + std::to_string(i), "x");
    CHECK(labels.size() == kMaxLabels);
    for (int i = 0; i < 1000; ++i)
        add_label(labels, std::to_string(i), std::string(kMaxName, 'v'));
    CHECK(workload.ByteSizeLong() < 2 * kMaxLabelBytes);
}

TEST_CASE("what the kubelet writes into labels names the pod") {
    v1::Workload workload;
    workload.set_name("k8s_web_web-0_default_uid_0");
    add_label(*workload.mutable_labels(), "io.kubernetes.pod.name", "web-0");
    add_label(*workload.mutable_labels(), "io.kubernetes.pod.namespace", "shop");
    add_label(*workload.mutable_labels(), "io.kubernetes.pod.uid", "u-1");
    add_label(*workload.mutable_labels(), "io.kubernetes.container.name", "web");
    add_kubernetes_labels(workload);
    CHECK(workload.name() == "web");
    CHECK(workload.pod().name() == "web-0");
    CHECK(workload.pod().namespace_() == "shop");
    CHECK(workload.pod().uid() == "u-1");
    CHECK_FALSE(workload.pause());

    v1::Workload pause;
    add_label(*pause.mutable_labels(), "io.kubernetes.pod.name", "web-0");
    add_label(*pause.mutable_labels(), "io.kubernetes.container.name", "POD");
    add_kubernetes_labels(pause);
    CHECK(pause.pause());
    v1::Workload other;
    add_kubernetes_labels(other);
    CHECK_FALSE(other.has_pod());
}

TEST_CASE("times of runtimes") {
    CHECK(parse_time("1970-01-01T00:00:01Z") == 1'000'000'000);
    CHECK(parse_time("2026-11-22T15:00:00.5Z") == 1'795'359'600'500'000'000);
    CHECK(parse_time("2026-11-22T17:00:00.500000000+02:00") == 1'795'359'600'500'000'000);
    CHECK(parse_time("2026-11-22T13:30:00-01:30") == 1'795'359'600'000'000'000);
    CHECK(parse_time("1970-01-01T00:00:00.123456789012345Z") == 123'456'789);
    for (const char* odd :
         {"", "now", "2026", "2026-11", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
          "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-11-22 15:00:00Z", "9999-99-99T"})
        CHECK(parse_time(odd) == 0);
}

TEST_CASE("only plain ids go into requests") {
    CHECK(is_plain_id(std::string(64, 'f')));
    CHECK(is_plain_id("0123456789abcdef0123456789abcdef-12"));
    for (const char* odd : {"", "../x", "a/b", "A", "a?b", "a b", "a\r\nHost: x", "g"})
        CHECK_FALSE(is_plain_id(odd));
    CHECK_FALSE(is_plain_id(std::string(129, 'a')));
}
