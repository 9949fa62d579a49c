// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/policy_watch.h"

#include <dirent.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace vedette::app {
namespace {

constexpr uint32_t kAbove = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                            IN_MOVE_SELF | IN_ONLYDIR;
constexpr uint32_t kWithin = kAbove | IN_CLOSE_WRITE | IN_ATTRIB;
constexpr size_t kMaxNames = 2000;  // of a directory, for the fingerprint

std::string describe(const std::string& path, const std::string& name) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0)
        return fmt::format("{}: {}\n", name, errno);
    return fmt::format("{} {}:{} {} {}.{} {}.{} {:o} {}\n", name, status.st_dev, status.st_ino,
                       status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                       status.st_ctim.tv_sec, status.st_ctim.tv_nsec, status.st_mode,
                       status.st_uid);
}

}  // namespace

void Debounce::note(Clock::time_point now) {
    if (!first_)
        first_ = now;
    last_ = now;
}

std::optional<Debounce::Clock::time_point> Debounce::due() const {
    if (!first_)
        return std::nullopt;
    return std::min(last_ + quiet_, *first_ + longest_);
}

Result<PolicyWatch> PolicyWatch::create(std::string directory) {
    const int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0)
        return fail_errno(errno, "inotify");
    return PolicyWatch(fd, std::move(directory));
}

PolicyWatch::PolicyWatch(int fd, std::string directory)
    : fd_(fd), directory_(std::move(directory)) {
    watch_all();
    seen_ = fingerprint();
}

PolicyWatch::~PolicyWatch() {
    if (fd_ >= 0)
        close(fd_);
}

PolicyWatch::PolicyWatch(PolicyWatch&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      directory_(std::move(other.directory_)),
      watched_(std::move(other.watched_)),
      seen_(std::move(other.seen_)) {}

// The directory and those above it, as far as they exist and may be watched: what comes into being further down is an
// event in the last one that does.
void PolicyWatch::watch_all() {
    for (const auto& [descriptor, watched] : std::exchange(watched_, {}))
        inotify_rm_watch(fd_, descriptor);
    size_t end = directory_.starts_with('/') ? 1 : 0;
    std::string prefix = directory_.starts_with('/') ? "/" : ".";
    while (true) {
        const size_t begin = directory_.find_first_not_of('/', end);
        const bool last = begin == std::string::npos;
        const size_t next = last ? begin : std::min(directory_.find('/', begin), directory_.size());
        const int descriptor = inotify_add_watch(fd_, prefix.c_str(), last ? kWithin : kAbove);
        if (descriptor >= 0)
            watched_[descriptor].child = last ? "" : directory_.substr(begin, next - begin);
        if (last)
            return;
        end = next;
        prefix = directory_.substr(0, end);
    }
}

bool PolicyWatch::drain() {
    bool relevant = false;
    bool again = false;
    alignas(inotify_event) std::array<char, 16384> buffer;
    while (true) {
        const ssize_t got = read(fd_, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        for (size_t at = 0; at + sizeof(inotify_event) <= static_cast<size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof(event));
            const char* name = buffer.data() + at + sizeof(event);
            at += sizeof(event) + event.len;
            const auto watched = watched_.find(event.wd);
            if ((event.mask & IN_Q_OVERFLOW) != 0) {
                relevant = again = true;
            } else if (watched != watched_.end() && (event.mask & IN_IGNORED) == 0) {
                const std::string& child = watched->second.child;
                const bool self = (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0;
                const bool ours = child.empty() || (event.len > 0 && child == name);
                relevant = relevant || self || ours;
                again = again || self || (ours && !child.empty());
            }
        }
    }
    if (again)
        watch_all();
    return relevant;
}

bool PolicyWatch::changed() {
    const std::string before = std::exchange(seen_, fingerprint());
    return seen_ != before;
}

std::string PolicyWatch::fingerprint() const {
    DIR* dir = opendir(directory_.c_str());
    if (!dir)
        return fmt::format("none: {}", errno);
    const std::unique_ptr<DIR, int (*)(DIR*)> closer(dir, &closedir);
    std::vector<std::string> names;
    while (const dirent* entry = readdir(dir)) {
        const std::string_view name = entry->d_name;
        if (name.ends_with(".policy") && !name.starts_with('.') && names.size() < kMaxNames)
            names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    std::string out;
    for (const std::string& name : names)
        out += describe(directory_ + "/" + name, name);
    return out;
}

}  // namespace vedette::app
