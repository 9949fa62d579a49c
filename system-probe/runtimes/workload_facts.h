// SPDX-License-Identifier: Apache-2.0
//
// What runtimes say, put into shape: everything cut to a bound, image names taken apart, the labels that Kubernetes gives
// every container.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vedette/v1/workload.pb.h"

namespace vedette::probe {

inline constexpr size_t kMaxName = 512;         ///< bytes of any name or value
inline constexpr int kMaxLabels = 64;           ///< of a container, and of a pod
inline constexpr size_t kMaxLabelBytes = 8192;  ///< of all of them together

/// At most kMaxName bytes of it.
std::string bounded(std::string_view text);

/// Takes "registry:5000/name:tag@sha256:..." apart. What is only an id ("sha256:...", 64 hex digits) goes to `id`.
/// Parts that are empty leave what was there; without tag and digest it is "latest", as for all runtimes.
void set_image(v1::ContainerImage& image, std::string_view reference);

/// Left out when there are too many already, or too long ones.
void add_label(google::protobuf::RepeatedPtrField<v1::Label>& labels, std::string_view key,
               std::string_view value);

/// Empty when there is none.
std::string_view find_label(const google::protobuf::RepeatedPtrField<v1::Label>& labels,
                            std::string_view key);

/// What the kubelet writes into labels: pod, namespace, name of the container. Only where nothing is yet.
void add_kubernetes_labels(v1::Workload& workload);

/// "2024-05-01T10:00:00.5+02:00" as nanoseconds since 1970; 0 when it is none.
uint64_t parse_time(std::string_view text);

/// An id as it may stand in a request: hex digits and '-', at most 128.
bool is_plain_id(std::string_view id);

}  // namespace vedette::probe
