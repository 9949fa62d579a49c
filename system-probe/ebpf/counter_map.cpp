// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/counter_map.h"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

namespace vedette::probe {
namespace {

/// The struct is nothing but 64-bit counters, which the programs raise while we read.
constexpr size_t kFields = sizeof(vdt_counters) / sizeof(uint64_t);
static_assert(kFields * sizeof(uint64_t) == sizeof(vdt_counters));

}  // namespace

vdt_counters sum_counters(std::span<const vdt_counters> cpus) {
    vdt_counters total{};
    auto* sums = reinterpret_cast<uint64_t*>(&total);
    for (const vdt_counters& one : cpus) {
        const auto* fields = reinterpret_cast<const uint64_t*>(&one);
        for (size_t i = 0; i < kFields; i++)
            sums[i] += __atomic_load_n(&fields[i], __ATOMIC_RELAXED);
    }
    return total;
}

Result<CounterMap> CounterMap::open(int map_fd, uint32_t cpus) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t bytes = (cpus * sizeof(vdt_counters) + page - 1) / page * page;
    void* base = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, map_fd, 0);
    if (base == MAP_FAILED)
        return fail_errno(errno, "mapping the BPF counters");
    return CounterMap(base, bytes, cpus);
}

CounterMap::CounterMap(CounterMap&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(other.bytes_), cpus_(other.cpus_) {}

CounterMap::~CounterMap() {
    if (base_ != nullptr)
        munmap(base_, bytes_);
}

vdt_counters CounterMap::sum() const {
    return sum_counters({static_cast<const vdt_counters*>(base_), cpus_});
}

}  // namespace vedette::probe
