// SPDX-License-Identifier: Apache-2.0
//
// What `container.tags` holds: the names that rules know a container by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vedette/v1/workload.pb.h"

namespace vedette::engine {

/// "docker.io/library/nginx" is "nginx", "docker.io/grafana/loki" is "grafana/loki"; others are as they are.
std::string_view familiar_image_name(std::string_view name);

/// "key:value", each once. Labels named in `label_tags` ("*": all) become tags of that name; the labels of Kubernetes,
/// Compose and of unified service tagging become their usual tags anyway. Empty for what no runtime has described.
std::vector<std::string> workload_tags(const v1::Workload& workload,
                                       const std::vector<std::string>& label_tags);

}  // namespace vedette::engine
