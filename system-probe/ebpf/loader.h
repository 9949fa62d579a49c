// SPDX-License-Identifier: Apache-2.0
//
// The loaded BPF object: picks the programs, loads them, attaches them one by one to know that each can be. A program that
// the kernel refuses is remembered with its reason and everything is planned again without it, so that one odd hook never
// costs the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/os/fd.h"
#include "system-probe/ebpf/attachments.h"
#include "system-probe/ebpf/bpf_stats.h"
#include "system-probe/ebpf/hook_plan.h"
#include "system-probe/ebpf/object_parts.h"

namespace vedette::probe {

class LoadedObject {
   public:
    /// Errors: see open_kernel_source.
    static Result<LoadedObject> load(const KernelSourceOptions& options);

    const std::vector<PlannedHook>& plan() const { return plan_; }
    /// Descriptor of a map; the object keeps it open.
    int map_fd(const char* name) const;
    /// The file of one run over all tasks (iterator_snapshot.h). Any one thread at a time that has CAP_BPF and CAP_PERFMON.
    Result<UniqueFd> iterate_processes() const;
    /// Attaches those of `programs` that are not. As the next ones: on any one thread at a time that has CAP_BPF,
    /// CAP_PERFMON and CAP_NET_ADMIN. Returns what could not be attached and why; empty: nothing.
    std::string attach(const std::vector<std::string>& programs);
    /// Detaches one of all but `programs`; false: there is none. A trampoline takes a tenth of a second on some kernels.
    bool detach_one_but(const std::vector<std::string>& programs);
    /// Runs kCapabilitiesProgram over all it has to tell, if it is attached.
    void run_capabilities() const;
    const std::string& iterator_refusal() const { return iterator_refusal_; }

    std::vector<ProgramCost> program_costs() const;
    /// A thread that has CAP_BPF.
    std::vector<ProgramRuns> program_runs() const;
    uint32_t cpus() const { return cpus_; }
    uint64_t ring_bytes() const { return ring_bytes_ + reserved_ring_bytes_; }
    uint64_t map_bytes() const;  ///< all maps but the rings

   private:
    LoadedObject() = default;
    struct Attempt;
    /// Once after kSocketProgram was attached, which gives new sockets their owner. Where the kernel refuses it (before
    /// 5.11) older ones are nobody's until they are used.
    void own_old_sockets();

    std::unique_ptr<ObjectParts> parts_;
    std::optional<Attachments> attached_;
    bool trampolines_attach_again_ = true;
    bool old_sockets_owned_ = false;
    std::vector<PlannedHook> plan_;
    std::string iterator_refusal_;
    uint32_t cpus_ = 1;
    uint64_t ring_bytes_ = 0;
    uint64_t reserved_ring_bytes_ = 0;
};

/// Smallest power of two that is at least `bytes` and a page: what the kernel takes.
uint64_t round_ring_size(uint64_t bytes, uint64_t page);
/// "0-3,8-9\n" -> 10: one more than the highest CPU number. 0 when the text says nothing.
uint32_t cpu_count_of(std::string_view possible);

}  // namespace vedette::probe
