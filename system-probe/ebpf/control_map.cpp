// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/control_map.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
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
    bpf_map_info info{};
    uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(map_fd, &info, &size) != 0)
        return fail_errno(errno, "asking for the BPF filters");
    if (info.value_size != sizeof(vdt_control))
        return fail(ErrorCode::kInvalid,
                    "the BPF programs have other variables than their filters");
    void* base = mmap(nullptr, mapped_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
    if (base == MAP_FAILED)
        return fail_errno(errno, "mapping the BPF filters");
    return ControlMap(static_cast<vdt_control*>(base));
}

ControlMap::ControlMap(ControlMap&& other) noexcept
    : control_(std::exchange(other.control_, nullptr)), revision_(other.revision_) {}

ControlMap::~ControlMap() {
    if (control_ != nullptr)
        munmap(control_, mapped_bytes());
}

void ControlMap::apply(const FilterPlan& plan, std::span<const OnDemandPoint> points,
                       const std::map<vdt_type, AttachedType>& attached) {
    const uint32_t next = 1 - (control_->active & 1);
    fill_filter_set(plan, attached, control_->set[next]);
    fill_points(points, control_->set[next]);
    control_->set[next].revision = ++revision_;
    __atomic_store_n(&control_->active, next, __ATOMIC_RELEASE);
}

void ControlMap::look_for(vdt_type type, uint32_t discarder_kind) {
    active(type).discarders |= 1U << discarder_kind;
}

bool ControlMap::discard_auid(vdt_type type, uint32_t auid) {
    vdt_type_filter& filter = active(type);
    const uint32_t count = filter.discarded_auids;
    const __u32* const begin = filter.discarded_auid;
    if (std::find(begin, begin + count, auid) != begin + count)
        return true;
    if (count >= VDT_DISCARDED_AUIDS)
        return false;
    filter.discarded_auid[count] = auid;
    __atomic_store_n(&filter.discarded_auids, count + 1, __ATOMIC_RELEASE);
    return true;
}

void ControlMap::reader(vdt_reader does) {
    __atomic_store_n(&control_->reader, static_cast<uint32_t>(does), __ATOMIC_SEQ_CST);
}

void ControlMap::count_flows_in(uint32_t table) {
    __atomic_store_n(&control_->flow_table, table, __ATOMIC_RELEASE);
}

}  // namespace vedette::probe
