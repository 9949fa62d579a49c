// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/cri.h"
#include "system-probe/runtimes/workload_facts.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::probe;
namespace cri = runtime::v1;

namespace {

const std::string kId(64, 'a');
const std::string kSandbox(64, 'b');

cri::Container container() {
    cri::Container out;
    out.set_id(kId);
    out.set_pod_sandbox_id(kSandbox);
    out.mutable_metadata()->set_name("web");
    out.mutable_image()->set_image("sha256:1111");  // the kubelet asks by id
    out.set_image_ref("sha256:1111");
    out.set_created_at(1'795'359'600'000'000'000);
    auto& label = *out.add_labels();
    label.set_key("io.kubernetes.container.name");
    label.set_value("web");
    return out;
}

cri::PodSandbox sandbox() {
    cri::PodSandbox out;
    out.set_id(kSandbox);
    out.mutable_metadata()->set_name("web-0");
    out.mutable_metadata()->set_namespace_("shop");
    out.mutable_metadata()->set_uid("u-1");
    auto& label = *out.add_labels();
    label.set_key("app");
    label.set_value("web\xff");  // no UTF-8
    return out;
}

}  // namespace

TEST_CASE("cri: a container with its status and its sandbox") {
    cri::ContainerStatus status;
    status.mutable_image()->set_image("docker.io/library/nginx:1.25");
    status.set_image_ref("docker.io/library/nginx@sha256:2222");
    const auto workload = cri_workload(container(), status, sandbox(), "containerd");
    CHECK(workload.metadata() == v1::Workload::METADATA_KNOWN);
    CHECK(workload.name() == "web");
    CHECK(workload.runtime() == "containerd");
    CHECK(workload.image().name() == "docker.io/library/nginx");
    CHECK(workload.image().tag() == "1.25");
    CHECK(workload.image().digest() == "sha256:2222");
    CHECK(workload.image().id() == "sha256:1111");
    CHECK(workload.created_at() == 1'795'359'600'000'000'000);
    CHECK(workload.pod().name() == "web-0");
    CHECK(workload.pod().namespace_() == "shop");
    CHECK(workload.pod().uid() == "u-1");
    CHECK(find_label(workload.pod().labels(), "app") == "web\xff");
    CHECK_FALSE(workload.pause());
}

TEST_CASE("cri: without status and sandbox the labels still name the pod") {
    auto one = container();
    auto& label = *one.add_labels();
    label.set_key("io.kubernetes.pod.name");
    label.set_value("web-0");
    const auto workload = cri_workload(one, {}, {}, "cri-o");
    CHECK(workload.pod().id() == kSandbox);
    CHECK(workload.pod().name() == "web-0");
    CHECK(workload.image().id() == "sha256:1111");
    CHECK(workload.image().name().empty());
}

TEST_CASE("cri: a sandbox is its pause container") {
    const auto workload = cri_sandbox(sandbox(), "containerd");
    CHECK(workload.container_id() == kSandbox);
    CHECK(workload.pause());
    CHECK(workload.pod().name() == "web-0");
}

TEST_CASE("cri: nothing in an answer is taken without a bound") {
    auto one = container();
    one.mutable_metadata()->set_name(std::string(1'000'000, 'n'));
    one.mutable_image()->set_image(std::string(1'000'000, 'i'));
    one.set_created_at(-5);
    for (int i = 0; i < 10'000; ++i) {
        auto& label = *one.add_labels();
        label.set_key("k" + std::to_string(i));
        label.set_value(std::string(1000, 'v'));
    }
    const auto workload = cri_workload(one, {}, {}, cri_runtime_name(std::string(1'000'000, 'r')));
    CHECK(workload.ByteSizeLong() < 16'384);
    CHECK(workload.created_at() == 0);
}
