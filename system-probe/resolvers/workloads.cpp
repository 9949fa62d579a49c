// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/workloads.h"

#include <algorithm>

#include "system-probe/resolvers/charge.h"
#include "system-probe/resolvers/container_id.h"

namespace vedette::probe {
namespace {

/// What a map entry and a control block take, about.
constexpr size_t kBookkeepingBytes = 128;

/// A sweep looks at every cgroup: done when there are this many more than after the last one.
constexpr size_t kSweepAfter = 1024;

}  // namespace

WorkloadPtr Workloads::get(uint64_t cgroup_id, std::string_view path, uint64_t seen_at) {
    auto known = workloads_[cgroup_id].lock();
    if (known && (path.empty() || known->cgroup_path == path))
        return known;
    // Known without its path until now: it has not been created since.
    const uint64_t created_at = known ? std::min(known->created_at, seen_at) : seen_at;
    Workload fresh{std::string(path), cgroup_id, created_at, mount_id_,
                   container_of(path, seen_at)};
    const size_t bytes = kBookkeepingBytes + sizeof fresh + path.size();
    auto workload = make_charged(std::move(fresh), account_, bytes);
    workloads_[cgroup_id] = workload;
    if (workloads_.size() >= sweep_at_) {
        sweep();
        sweep_at_ = 2 * workloads_.size() + kSweepAfter;
    }
    return workload;
}

std::shared_ptr<const Container> Workloads::container_of(std::string_view path, uint64_t seen_at) {
    const std::string id(container_id(path));
    if (id.empty())
        return nullptr;
    auto known = containers_[id].lock();
    if (known)
        return known;
    auto container = make_charged(Container{id, seen_at}, account_,
                                  kBookkeepingBytes + sizeof(Container) + id.size());
    containers_[id] = container;
    if (appeared_)
        appeared_(container);
    return container;
}

void Workloads::sweep() {
    std::erase_if(workloads_, [](const auto& entry) { return entry.second.expired(); });
    std::erase_if(containers_, [](const auto& entry) { return entry.second.expired(); });
}

}  // namespace vedette::probe
