// SPDX-License-Identifier: Apache-2.0
//
// Notices that the policies changed: inotify on their directory and on every directory above it, so that it does not
// matter whether a file is written in place, renamed into place, the directory removed and made again, or a symlink
// swapped (Kubernetes mounts a ConfigMap so). What changed is not trusted to inotify: the files are looked at, and an
// event that left them as they were is no change.
//
// A policy that is a symlink to a file elsewhere is noticed when the link is replaced, not when that file is written to.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"

namespace vedette::app {

/// When to act on a series of events: once they stop for `quiet`, and not later than `longest` after the first.
class Debounce {
   public:
    using Clock = std::chrono::steady_clock;

    Debounce(Clock::duration quiet, Clock::duration longest) : quiet_(quiet), longest_(longest) {}
    void note(Clock::time_point now);
    /// Nothing while nothing has been noted.
    std::optional<Clock::time_point> due() const;
    void reset() { first_.reset(); }

   private:
    Clock::duration quiet_;
    Clock::duration longest_;
    std::optional<Clock::time_point> first_;
    Clock::time_point last_;
};

/// One thread. Nothing here blocks.
class PolicyWatch {
   public:
    /// Errors: the kernel gives no inotify instance.
    static Result<PolicyWatch> create(std::string directory);
    ~PolicyWatch();
    PolicyWatch(PolicyWatch&& other) noexcept;
    PolicyWatch& operator=(PolicyWatch&&) = delete;

    /// Readable when drain() has something to read.
    int fd() const { return fd_; }
    /// Reads all events; true when one of them may have to do with the policies.
    bool drain();
    /// Whether the policy files differ from those at the last call (or at create()).
    bool changed();

   private:
    struct Watched {
        std::string child;  ///< the only name that counts; empty: all (the policy directory itself)
    };

    PolicyWatch(int fd, std::string directory);
    void watch_all();
    std::string fingerprint() const;

    int fd_;
    std::string directory_;
    std::map<int, Watched> watched_;  ///< by watch descriptor
    std::string seen_;
};

}  // namespace vedette::app
