// SPDX-License-Identifier: Apache-2.0
//
// What this host and this process are.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "common/result.h"

namespace vedette {

/// Nanoseconds since 1970 at which the boot clock (CLOCK_BOOTTIME, as in event records) was zero.
int64_t boot_time_ns();

/// CLOCK_REALTIME, nanoseconds since 1970.
int64_t wall_time_ns();

struct KernelInfo {
    std::string release;  ///< uname -r
    std::string version;  ///< uname -v
    std::string machine;  ///< uname -m
};
KernelInfo kernel_info();

/// `configured` when it is not empty, else gethostname(2); "unknown" when there is none.
std::string host_name(const std::string& configured);

/// PRETTY_NAME of os-release, "Linux" when there is none.
std::string distribution_name();

/// Resident memory of this process, 0 when it cannot be read.
uint64_t resident_bytes();

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::string name;
};
/// Errors: kNotFound names the user.
Result<User> find_user(const std::string& name);
Result<User> find_user(uid_t uid);

}  // namespace vedette
