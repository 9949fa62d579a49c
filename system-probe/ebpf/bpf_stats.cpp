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

std::vector<ProgramRuns> program_runs(bpf_object* object) {
    std::vector<ProgramRuns> out;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object) {
        bpf_prog_info info{};
        uint32_t size = sizeof info;
        const int fd = bpf_program__fd(program);
        if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
            out.push_back({bpf_program__name(program), info.run_cnt, info.run_time_ns,
                           info.recursion_misses});
    }
    return out;
}

}  // namespace vedette::probe
