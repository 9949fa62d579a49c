// SPDX-License-Identifier: Apache-2.0
#include "common/os/host.h"

#include <pwd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <vector>

#include "common/os/fd.h"

namespace vedette {
namespace {

int64_t clock_ns(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Result<User> to_user(int err, const passwd* entry, const std::string& what) {
    if (entry)
        return User{entry->pw_uid, entry->pw_gid, entry->pw_name};
    if (err != 0)
        return fail_errno(err, "looking up user {}", what);
    return fail(ErrorCode::kNotFound, "there is no user {}", what);
}

}  // namespace

int64_t boot_time_ns() {
    // Two clocks are read one after the other: the tightest of a few tries loses the least between them.
    int64_t best = 0;
    int64_t best_gap = INT64_MAX;
    for (int i = 0; i < 5; ++i) {
        const int64_t before = clock_ns(CLOCK_BOOTTIME);
        const int64_t wall = clock_ns(CLOCK_REALTIME);
        const int64_t after = clock_ns(CLOCK_BOOTTIME);
        if (after - before < best_gap) {
            best_gap = after - before;
            best = wall - before - best_gap / 2;
        }
    }
    return best;
}

int64_t wall_time_ns() {
    return clock_ns(CLOCK_REALTIME);
}

KernelInfo kernel_info() {
    utsname names{};
    if (uname(&names) != 0)
        return {};
    return {names.release, names.version, names.machine};
}

std::string host_name(const std::string& configured) {
    if (!configured.empty())
        return configured;
    char name[256] = {};
    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
        return "unknown";
    return name;
}

std::string distribution_name() {
    for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
        const auto text = read_file(path, 64 << 10);
        if (!text)
            continue;
        constexpr std::string_view kKey = "PRETTY_NAME=";
        for (size_t at = 0; at < text->size();) {
            const size_t end = std::min(text->find('\n', at), text->size());
            std::string_view line(text->data() + at, end - at);
            at = end + 1;
            if (!line.starts_with(kKey))
                continue;
            line.remove_prefix(kKey.size());
            if (line.size() >= 2 && (line.front() == '"' || line.front() == '\''))
                line = line.substr(1, line.size() - 2);
            return std::string(line);
        }
    }
    return "Linux";
}

uint64_t resident_bytes() {
    const auto statm = read_file("/proc/self/statm", 4096);
    if (!statm)
        return 0;
    const size_t space = statm->find(' ');
    if (space == std::string::npos)
        return 0;
    uint64_t pages = 0;
    std::from_chars(statm->data() + space + 1, statm->data() + statm->size(), pages);
    return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

Result<User> find_user(const std::string& name) {
    std::vector<char> buffer(16 << 10);
    passwd entry{};
    passwd* found = nullptr;
    const int err = getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    return to_user(err, found, fmt::format("'{}'", name));
}

Result<User> find_user(uid_t uid) {
    std::vector<char> buffer(16 << 10);
    passwd entry{};
    passwd* found = nullptr;
    const int err = getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    return to_user(err, found, fmt::format("{}", uid));
}

}  // namespace vedette
