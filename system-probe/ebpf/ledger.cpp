// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/ledger.h"

#include <algorithm>
#include <cstring>

namespace vedette::probe {
namespace {

/// The struct is nothing but 64-bit counters, which the programs raise while we read.
constexpr size_t kFields = sizeof(vdt_counters) / sizeof(uint64_t);
static_assert(kFields * sizeof(uint64_t) == sizeof(vdt_counters));

bool same_key(const vdt_gap& left, const vdt_gap& right) {
    return left.cgroup_id == right.cgroup_id && left.type == right.type &&
           left.reason == right.reason;
}

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

std::vector<LossGap> GapLedger::take(std::span<const vdt_gaps> cpus) {
    std::vector<vdt_gaps> now(cpus.begin(), cpus.end());
    before_.resize(now.size());
    std::map<std::tuple<uint16_t, uint16_t, uint64_t>, LossGap> sums;
    for (size_t cpu = 0; cpu < now.size(); ++cpu) {
        for (size_t i = 0; i < VDT_GAP_SLOTS; ++i) {
            const vdt_gap& slot = now[cpu].slot[i];
            const vdt_gap& old = before_[cpu].slot[i];
            // A slot that was given away began at nothing.
            const bool kept = same_key(slot, old) && slot.count >= old.count;
            const uint64_t gained = slot.count - (kept ? old.count : 0);
            if (gained == 0 || slot.type >= VDT_TYPE_MAX || slot.reason >= VDT_LOSS_MAX)
                continue;
            LossGap& sum = sums[{slot.type, slot.reason, slot.cgroup_id}];
            sum.type = slot.type;
            sum.reason = slot.reason;
            sum.cgroup_id = slot.cgroup_id;
            sum.count += gained;
            sum.last_ns = std::max<uint64_t>(sum.last_ns, slot.last_ns);
        }
    }
    before_ = std::move(now);
    std::vector<LossGap> out;
    for (auto& [key, gap] : sums)
        out.push_back(gap);
    return out;
}

}  // namespace vedette::probe
