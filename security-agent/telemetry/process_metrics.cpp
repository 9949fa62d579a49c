// SPDX-License-Identifier: Apache-2.0
#include "security-agent/telemetry/process_metrics.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/os/fd.h"
#include "common/os/host.h"
#include "common/version.h"

namespace vedette::telemetry {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// proc(5): the 22nd field of stat, in ticks since boot; the name before it may hold blanks and brackets.
double start_time() {
    const auto stat = read_file("/proc/self/stat", 4096);
    size_t at = stat ? stat->rfind(')') : std::string::npos;
    for (int field = 2; field < 22 && at != std::string::npos; ++field)
        at = stat->find(' ', at + 1);
    if (at == std::string::npos)
        return 0;
    const auto ticks = static_cast<double>(std::strtoull(stat->c_str() + at + 1, nullptr, 10));
    timespec boot{};
    clock_gettime(CLOCK_BOOTTIME, &boot);
    const double age = static_cast<double>(boot.tv_sec) + static_cast<double>(boot.tv_nsec) / 1e9 -
                       ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
    return static_cast<double>(wall_time_ns()) / 1e9 - age;
}

}  // namespace

void fill_process_metrics(Metrics& out) {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    out.counter("process_cpu_seconds_total", "CPU time of the agent, in user and kernel mode.")
        .Increment(seconds(usage.ru_utime) + seconds(usage.ru_stime));
    out.gauge("process_resident_memory_bytes", "Memory of the agent.")
        .Set(static_cast<double>(resident_bytes()));
    std::error_code error;
    const auto fds = std::filesystem::directory_iterator("/proc/self/fd", error);
    if (!error)
        out.gauge("process_open_fds", "Open file descriptors of the agent.")
            .Set(static_cast<double>(std::distance(begin(fds), end(fds))));
    out.gauge("process_start_time_seconds", "When the agent started, in seconds since 1970.")
        .Set(start_time());
    out.gauge("vedette_agent_build_info", "1, with what was built.",
              {{"version", std::string(version().text)}, {"commit", std::string(version().commit)}})
        .Set(1);
}

}  // namespace vedette::telemetry
