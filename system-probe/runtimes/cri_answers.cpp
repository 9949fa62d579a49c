// SPDX-License-Identifier: Apache-2.0
//
// The messages of cri.h, without gRPC.
#include "system-probe/runtimes/cri.h"
#include "system-probe/runtimes/workload_facts.h"

namespace vedette::probe {
namespace {

namespace cri = runtime::v1;

void add_labels(google::protobuf::RepeatedPtrField<v1::Label>& out,
                const google::protobuf::RepeatedPtrField<cri::Entry>& labels) {
    for (const cri::Entry& label : labels)
        add_label(out, label.key(), label.value());
}

uint64_t time_of(int64_t nanoseconds) {
    return nanoseconds > 0 ? static_cast<uint64_t>(nanoseconds) : 0;
}

void set_pod(v1::Pod& out, const cri::PodSandbox& sandbox) {
    out.set_id(bounded(sandbox.id()));
    out.set_name(bounded(sandbox.metadata().name()));
    out.set_namespace_(bounded(sandbox.metadata().namespace_()));
    out.set_uid(bounded(sandbox.metadata().uid()));
    add_labels(*out.mutable_labels(), sandbox.labels());
}

/// The kubelet asks for containers by the image's id; the status says its names.
void set_images(v1::ContainerImage& image, const cri::Container& container,
                const cri::ContainerStatus& status) {
    set_image(image, container.image_ref());
    set_image(image, status.image_ref());
    set_image(image, status.image_id());
    set_image(image, container.image().image());
    set_image(image, status.image().image());
    set_image(image, container.image().user_specified_image());
}

}  // namespace

v1::Workload cri_workload(const cri::Container& container, const cri::ContainerStatus& status,
                          const cri::PodSandbox& sandbox, const std::string& runtime) {
    v1::Workload out;
    out.set_container_id(container.id());
    out.set_metadata(v1::Workload::METADATA_KNOWN);
    out.set_runtime(runtime);
    out.set_name(bounded(container.metadata().name()));
    out.set_created_at(time_of(container.created_at()));
    set_images(*out.mutable_image(), container, status);
    add_labels(*out.mutable_labels(), container.labels());
    if (!sandbox.id().empty())
        set_pod(*out.mutable_pod(), sandbox);
    else if (!container.pod_sandbox_id().empty())
        out.mutable_pod()->set_id(bounded(container.pod_sandbox_id()));
    add_kubernetes_labels(out);
    return out;
}

v1::Workload cri_sandbox(const cri::PodSandbox& sandbox, const std::string& runtime) {
    v1::Workload out;
    out.set_container_id(sandbox.id());
    out.set_metadata(v1::Workload::METADATA_KNOWN);
    out.set_runtime(runtime);
    out.set_name("pause");
    out.set_created_at(time_of(sandbox.created_at()));
    out.set_pause(true);
    set_pod(*out.mutable_pod(), sandbox);
    return out;
}

std::string cri_runtime_name(std::string_view name) {
    return name == "cri-o" || name == "crio" ? "cri-o" : bounded(name);
}

}  // namespace vedette::probe
