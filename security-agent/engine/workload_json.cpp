// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/workload_json.h"

#include "security-agent/engine/json_fields.h"

namespace vedette::engine {
namespace {

using object = JsonObject;

object image_json(const v1::ContainerImage& image) {
    object out;
    put_text(out, "name", image.name());
    put_text(out, "tag", image.tag());
    put_text(out, "digest", image.digest());
    put_text(out, "id", image.id());
    return out;
}

object pod_names(const v1::Pod& pod) {
    object out;
    put_text(out, "name", pod.name());
    put_text(out, "namespace", pod.namespace_());
    put_text(out, "uid", pod.uid());
    put_text(out, "id", pod.id());
    return out;
}

object labels_json(const google::protobuf::RepeatedPtrField<v1::Label>& labels) {
    object out;
    for (const v1::Label& label : labels)
        out[label.key()] = label.value();
    return out;
}

}  // namespace

void put_workload(object& container, const KnownWorkload* workload) {
    if (!workload)
        return;
    const v1::Workload& facts = workload->facts;
    if (facts.metadata() != v1::Workload::METADATA_KNOWN) {
        container["metadata"] =
            facts.metadata() == v1::Workload::METADATA_PENDING ? "pending" : "unknown";
        return;
    }
    put_text(container, "name", facts.name());
    put_text(container, "runtime", facts.runtime());
    put_object(container, "image", image_json(facts.image()));
    put_object(container, "pod", pod_names(facts.pod()));
    put_true(container, "pause", facts.pause());
    put_list(container, "tags", workload->tags);
}

object workload_json(const KnownWorkload& workload) {
    object out;
    put_text(out, "id", workload.facts.container_id());
    put_time(out, "created_at", workload.facts.created_at());
    put_workload(out, &workload);
    put_object(out, "labels", labels_json(workload.facts.labels()));
    return out;
}

object pod_json(const v1::Pod& pod) {
    object out = pod_names(pod);
    put_object(out, "labels", labels_json(pod.labels()));
    return out;
}

}  // namespace vedette::engine
