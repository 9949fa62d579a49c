// SPDX-License-Identifier: Apache-2.0
//
// Whether the kernel counts what our programs cost (kernel.bpf_stats_enabled, BPF_ENABLE_STATS; since Linux 5.8).
#pragma once

#include <string>

#include "common/os/fd.h"
#include "system-probe/ebpf/record_source.h"

namespace vedette::probe {

class BpfStats {
   public:
    /// Has the kernel count for as long as this lives. Wants CAP_SYS_ADMIN; problem() says what came of it.
    void enable();
    /// It counts now, because of us or of the sysctl.
    bool counted() const;
    const std::string& problem() const { return problem_; }

   private:
    UniqueFd fd_;
    std::string problem_;
};

}  // namespace vedette::probe
