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

/// The map of the programs' variables, of which vdt_control is the only one.
inline constexpr const char* kControlMap = ".bss";

class ControlMap {
   public:
    /// Errors: kInvalid, there are other variables.
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

    /// Which records have to wake the reader of the rings.
    void reader(vdt_reader does);

    /// Raised by each apply(): what is discarded under another one is not.
    uint32_t revision() const { return revision_; }
    /// Lets the programs of `type` look for discarders of this kind, until the next apply().
    void look_for(vdt_type type, uint32_t discarder_kind);
    /// Drops the type's events of this login uid, until the next apply(). False: there is no room.
    bool discard_auid(vdt_type type, uint32_t auid);

   private:
    vdt_type_filter& active(vdt_type type) {
        return control_->set[control_->active & 1].type[type];
    }

    explicit ControlMap(vdt_control* control) : control_(control) {}

    vdt_control* control_;
    uint32_t revision_ = 0;
};

}  // namespace vedette::probe
