// SPDX-License-Identifier: Apache-2.0
//
// The cgroups and containers that processes are in: one shared object for all processes of a cgroup.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace vedette::probe {

struct Container {
    std::string id;
    uint64_t created_at = 0;  ///< when its first process was seen, nanoseconds since 1970
};

struct Workload {
    std::string cgroup_path;  ///< empty: not known
    uint64_t cgroup_id = 0;
    uint64_t created_at = 0;  ///< when its first process was seen, nanoseconds since 1970
    uint32_t mount_id = 0;    ///< of its directory; 0: not known
    std::shared_ptr<const Container> container;  ///< nullptr outside containers
};
using WorkloadPtr = std::shared_ptr<const Workload>;

/// Pipeline thread. Forgets a cgroup with the last process that is in it.
class Workloads {
   public:
    using Appeared = std::function<void(const std::shared_ptr<const Container>& container)>;

    /// Their memory is charged to `account`. `appeared` is called for each container that comes into being here, and may
    /// be empty.
    explicit Workloads(size_t& account, uint32_t mount_id = 0, Appeared appeared = {})
        : account_(account), mount_id_(mount_id), appeared_(std::move(appeared)) {}

    /// An empty `path` means "as known for this id". `seen_at`: when a process was seen in it.
    WorkloadPtr get(uint64_t cgroup_id, std::string_view path, uint64_t seen_at);

   private:
    void sweep();
    std::shared_ptr<const Container> container_of(std::string_view path, uint64_t seen_at);

    std::unordered_map<uint64_t, std::weak_ptr<const Workload>> workloads_;
    std::unordered_map<std::string, std::weak_ptr<const Container>> containers_;
    size_t sweep_at_ = 1024;
    size_t& account_;
    uint32_t mount_id_;
    Appeared appeared_;
};

}  // namespace vedette::probe
