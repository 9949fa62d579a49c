// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/privileges.h"

#include <cap-ng.h>
#include <sys/prctl.h>

#include <cstring>

namespace vedette::probe {
namespace {

// LeakSanitizer stops its own process with ptrace.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kMayHide = false;
#else
constexpr bool kMayHide = true;
#endif

}  // namespace

Result<std::vector<std::string>> drop_privileges() {
    std::vector<std::string> warnings;
    capng_clear(CAPNG_SELECT_ALL);
    if (capng_get_caps_process() != 0) {
        return fail(ErrorCode::kIo, "the capabilities of this process cannot be read");
    }
    const bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    capng_clear(CAPNG_SELECT_ALL);
    if (may_bound && capng_apply(CAPNG_SELECT_BOUNDS) != 0) {
        warnings.emplace_back("the capability bounding set could not be emptied");
    }
    if (capng_apply(CAPNG_SELECT_CAPS) != 0) {
        return fail(ErrorCode::kDenied, "capabilities could not be dropped");
    }
    if (capng_get_caps_process() != 0 || capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE) {
        return fail(ErrorCode::kDenied, "capabilities are left after dropping them");
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        warnings.push_back(fmt::format("no_new_privs: {}", std::strerror(errno)));
    }
    if (kMayHide && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        warnings.push_back(fmt::format("not dumpable: {}", std::strerror(errno)));
    }
    return warnings;
}

}  // namespace vedette::probe
