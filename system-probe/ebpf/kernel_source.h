// SPDX-License-Identifier: Apache-2.0
//
// The kernel as a source of records: loads the BPF programs, attaches them by the table in hook_table.h and
// reads the ring. libbpf stays behind this header.
#pragma once

#include <spdlog/fwd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "system-probe/ebpf/record_source.h"

namespace vedette::probe {

/// Which set of hooks to use; kAuto takes the trampolines of an event type when all of them attach, else its tracepoints.
enum class Backend : uint8_t { kAuto, kTracepoint, kTrampoline };

/// The setting system_probe_config.backend. Errors: kInvalid, lists the known names.
Result<Backend> parse_backend(std::string_view text);

struct KernelSourceOptions {
    uint64_t ring_bytes = 8ULL << 20;  ///< rounded up to a power of two of at least one page
    uint64_t reserved_ring_bytes = 4ULL << 20;  ///< for VDT_RESERVED_TYPES; the same
    Backend backend = Backend::kAuto;
    /// Names; what needs them is as on a kernel that refuses them.
    std::vector<std::string> disabled_programs;
    bool bpf_stats = false;     ///< have the kernel count what the programs cost
    uint32_t packet_rate = 10;  ///< events a second that one packet filter may make
    std::chrono::nanoseconds flow_period = std::chrono::seconds(10);
    /// Empty: all. Process lifecycle (fork, exec, exit, cgroup) is always on.
    std::vector<vdt_type> event_types;
};

/// Says exactly why no BPF program could be loaded here: no capability, a user namespace, a seccomp filter, a kernel
/// without BTF, too old or locked down. Loads one tiny program to be sure; changes nothing.
Result<> check_bpf_usable();

/// Loads, attaches and opens the ring; afterwards no capability is needed to poll, count or take the snapshot
/// (without the task iterator the snapshot reads /proc and wants CAP_SYS_PTRACE). What a missing hook means is
/// in hooks() and, once, in a warning. Errors: what check_bpf_usable says; nothing can be attached; a disabled program
/// is unknown.
Result<std::unique_ptr<RecordSource>> open_kernel_source(const KernelSourceOptions& options,
                                                         spdlog::logger& logger);

}  // namespace vedette::probe
