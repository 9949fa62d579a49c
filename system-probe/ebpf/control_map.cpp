// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/control_map.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace vedette::probe {
namespace {

size_t mapped_bytes() {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return (sizeof(vdt_control) + page - 1) / page * page;
}

}  // namespace

Result<ControlMap> ControlMap::open(int map_fd) {
    void* base = mmap(nullptr, mapped_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
    if (base == MAP_FAILED)
        return fail_errno(errno, "mapping the BPF filters");
    return ControlMap(static_cast<vdt_control*>(base));
}

ControlMap::ControlMap(ControlMap&& other) noexcept
    : control_(std::exchange(other.control_, nullptr)) {}

ControlMap::~ControlMap() {
    if (control_ != nullptr)
        munmap(control_, mapped_bytes());
}

void ControlMap::apply(const FilterPlan& plan, std::span<const OnDemandPoint> points,
                       const std::map<vdt_type, AttachedType>& attached) {
    const uint32_t next = 1 - (control_->active & 1);
    fill_filter_set(plan, attached, control_->set[next]);
    fill_points(points, control_->set[next]);
    __atomic_store_n(&control_->active, next, __ATOMIC_RELEASE);
}

void ControlMap::count_flows_in(uint32_t table) {
    __atomic_store_n(&control_->flow_table, table, __ATOMIC_RELEASE);
}

}  // namespace vedette::probe
