// SPDX-License-Identifier: Apache-2.0
//
// Runtimes of Kubernetes (containerd, CRI-O), by the Container Runtime Interface.
#pragma once

#include <string>

#include "cri/runtime.pb.h"
#include "system-probe/runtimes/runtime.h"

namespace vedette::probe {

/// @name Answers, put together.
/// @{
/// `status` may be empty, and so may `sandbox`, which is the container's.
v1::Workload cri_workload(const runtime::v1::Container& container,
                          const runtime::v1::ContainerStatus& status,
                          const runtime::v1::PodSandbox& sandbox, const std::string& runtime);
/// A sandbox itself: its pause container.
v1::Workload cri_sandbox(const runtime::v1::PodSandbox& sandbox, const std::string& runtime);
/// The name that we and others know it by: "containerd", "cri-o".
std::string cri_runtime_name(std::string_view name);
/// @}

/// Errors: connect.h's; kUnsupported (it speaks no CRI: containerd of a Docker host has it switched off).
Result<std::unique_ptr<ContainerRuntime>> open_cri_runtime(const std::string& socket);

}  // namespace vedette::probe
