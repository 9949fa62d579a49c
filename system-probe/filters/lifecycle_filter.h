// SPDX-License-Identifier: Apache-2.0
//
// Forks, execs and exits keep the process tree, so that the kernel sends them all; to the agent goes what its rules can
// match. What is kept back is counted as what the kernel drops is. docs/adr/0030-execs-that-no-rule-can-match.md
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "bpf/abi/records.h"
#include "system-probe/filters/exec_filter.h"

namespace vedette::v1 {
class FilterPlan;
}

namespace vedette::probe {

/// Pipeline thread.
class LifecycleFilter {
   public:
    /// From the next event on. Before the first plan, and by one of an agent that expects them, all events pass.
    void apply(const v1::FilterPlan& plan);

    /// Whether the agent gets the event that `image` acts in, which may be null. Counts it if not.
    bool passes(vdt_type type, const Image* image);
    /// Since the start.
    uint64_t kept_back(vdt_type type) const { return kept_back_[type]; }

   private:
    bool wanted(vdt_type type, const Image* image) const;

    bool forks_ = true;
    bool exits_ = true;
    bool execs_ = true;
    std::optional<ExecFilter> of_execs_;  ///< nothing: all of them, if any
    std::array<uint64_t, VDT_TYPE_MAX> kept_back_ = {};
};

}  // namespace vedette::probe
