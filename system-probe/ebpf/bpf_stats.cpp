// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/bpf_stats.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>

namespace vedette::probe {
namespace {

constexpr const char* kSysctl = "/proc/sys/kernel/bpf_stats_enabled";

}  // namespace

void BpfStats::enable() {
    const int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
    if (fd >= 0) {
        fd_.reset(fd);
        return;
    }
    problem_ = fmt::format(
        "system_probe_config.bpf_stats has no effect: BPF_ENABLE_STATS: {} (it wants "
        "CAP_SYS_ADMIN; "
        "sysctl kernel.bpf_stats_enabled=1 does the same)",
        std::strerror(errno));
}

bool BpfStats::counted() const {
    if (fd_)
        return true;
    const auto text = read_file(kSysctl, 16);
    return text && text->starts_with('1');
}

std::string explain_misses(std::span<const ProgramRuns> programs) {
    std::string which;
    for (const ProgramRuns& program : programs)
        if (program.misses > 0)
            which +=
                fmt::format("{}{} {}", which.empty() ? "" : ", ", program.name, program.misses);
    if (which.empty())
        return {};
    return fmt::format(
        "the kernel left programs out because they were running on that CPU already ({}): what "
        "they "
        "would have seen is missing, and no loss is counted for it",
        which);
}

}  // namespace vedette::probe
