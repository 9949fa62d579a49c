// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/workload_tags.h"

#include <algorithm>
#include <array>
#include <utility>

namespace vedette::engine {
namespace {

constexpr size_t kMaxTags = 128;

using Labels = google::protobuf::RepeatedPtrField<v1::Label>;

/// Labels that tell the same everywhere, and the tags that the reference makes of them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kUsualLabels = {{
    {"tags.datadoghq.com/env", "env"},
    {"tags.datadoghq.com/service", "service"},
    {"tags.datadoghq.com/version", "version"},
    {"app.kubernetes.io/name", "kube_app_name"},
    {"app.kubernetes.io/instance", "kube_app_instance"},
    {"app.kubernetes.io/version", "kube_app_version"},
    {"app.kubernetes.io/component", "kube_app_component"},
    {"app.kubernetes.io/part-of", "kube_app_part_of"},
    {"app.kubernetes.io/managed-by", "kube_app_managed_by"},
    {"com.docker.compose.project", "compose_project"},
    {"com.docker.compose.service", "compose_service"},
}};

class Tags {
   public:
    void add(std::string_view key, std::string_view value) {
        if (value.empty() || tags_.size() >= kMaxTags)
            return;
        std::string tag(key);
        (tag += ':') += value;
        if (std::ranges::find(tags_, tag) == tags_.end())
            tags_.push_back(std::move(tag));
    }
    std::vector<std::string> take() { return std::move(tags_); }

   private:
    std::vector<std::string> tags_;
};

void add_labels(Tags& tags, const Labels& labels, const std::vector<std::string>& label_tags) {
    const bool all = std::ranges::find(label_tags, "*") != label_tags.end();
    for (const v1::Label& label : labels) {
        const auto usual = std::ranges::find(kUsualLabels, label.key(),
                                             &std::pair<std::string_view, std::string_view>::first);
        if (usual != kUsualLabels.end())
            tags.add(usual->second, label.value());
        if (all || std::ranges::find(label_tags, label.key()) != label_tags.end())
            tags.add(label.key(), label.value());
    }
}

void add_image(Tags& tags, const v1::ContainerImage& image) {
    const std::string_view name = image.name();
    tags.add("image_name", name);
    tags.add("image_name", familiar_image_name(name));
    tags.add("short_image", name.substr(name.rfind('/') + 1));
    tags.add("image_tag", image.tag());
    tags.add("image_id", image.id());
    tags.add("image_digest", image.digest());
}

}  // namespace

std::string_view familiar_image_name(std::string_view name) {
    constexpr std::string_view kHub = "docker.io/";
    constexpr std::string_view kOfficial = "library/";
    if (!name.starts_with(kHub))
        return name;
    name.remove_prefix(kHub.size());
    if (name.starts_with(kOfficial))
        name.remove_prefix(kOfficial.size());
    return name;
}

std::vector<std::string> workload_tags(const v1::Workload& workload,
                                       const std::vector<std::string>& label_tags) {
    if (workload.metadata() != v1::Workload::METADATA_KNOWN)
        return {};
    Tags tags;
    tags.add("container_id", workload.container_id());
    tags.add("container_name", workload.name());
    tags.add("runtime", workload.runtime());
    add_image(tags, workload.image());
    const v1::Pod& pod = workload.pod();
    tags.add("pod_name", pod.name());
    tags.add("kube_namespace", pod.namespace_());
    if (!pod.namespace_().empty() && !workload.pause())
        tags.add("kube_container_name", workload.name());
    add_labels(tags, workload.labels(), label_tags);
    add_labels(tags, pod.labels(), label_tags);
    return tags.take();
}

}  // namespace vedette::engine
