// SPDX-License-Identifier: Apache-2.0
//
// The filters that the kernel programs read, mapped: changing them takes no system call and no capability. Pipeline
// thread only.
#pragma once

#include <map>

#include "bpf/abi/programs.h"
#include "common/result.h"
#include "system-probe/filters/filter_set.h"

namespace vedette::probe {

class ControlMap {
   public:
    static Result<ControlMap> open(int map_fd);
    ControlMap(ControlMap&& other) noexcept;
    ControlMap& operator=(ControlMap&&) = delete;
    ~ControlMap();

    /// All at once: a program sees the old plan or the new one. A program that was preempted while it used the set before
    /// last may see parts of the new one, which lets through or drops an event of that moment.
    void apply(const FilterPlan& plan, std::span<const OnDemandPoint> points,
               const std::map<vdt_type, AttachedType>& attached);
    /// 0 or 1; see vdt_control.flow_table.
    void count_flows_in(uint32_t table);

   private:
    explicit ControlMap(vdt_control* control) : control_(control) {}

    vdt_control* control_;
};

}  // namespace vedette::probe
