// SPDX-License-Identifier: Apache-2.0
//
// A container runtime as the probe sees it: which containers run, and what it says of one.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "vedette/v1/workload.pb.h"

namespace vedette::probe {

/// For one question; a runtime that is slower counts as one that does not answer.
inline constexpr std::chrono::milliseconds kRuntimePatience{2000};
/// Of a list of containers; more are left out.
inline constexpr size_t kMaxListed = 4096;

/// One thread. What it says is bounded and has METADATA_KNOWN.
class ContainerRuntime {
   public:
    virtual ~ContainerRuntime() = default;
    virtual const std::string& name() const = 0;  ///< docker, podman, containerd, cri-o
    virtual const std::string& version() const = 0;
    /// Ids of those that run.
    virtual Result<std::vector<std::string>> list() = 0;
    /// None: it does not know that one.
    virtual Result<std::optional<v1::Workload>> find(const std::string& id) = 0;
};

/// Finds out what listens there, by asking. Errors: connect.h's; that nothing we understand does.
Result<std::unique_ptr<ContainerRuntime>> open_runtime(const std::string& socket);

}  // namespace vedette::probe
