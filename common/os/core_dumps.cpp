// SPDX-License-Identifier: Apache-2.0
#include "common/os/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>

namespace vedette {

Result<> set_core_dumps(bool allowed) {
    if (prctl(PR_SET_DUMPABLE, allowed ? 1 : 0, 0, 0, 0) != 0)
        return fail_errno(errno, "PR_SET_DUMPABLE");
    if (!allowed)
        return {};
    rlimit limit{};
    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return fail_errno(errno, "RLIMIT_CORE");
    if (limit.rlim_max == 0)
        return fail(
            ErrorCode::kDenied,
            "core_dumps is true, but the hard limit of core dumps is 0: set LimitCORE=infinity in "
            "the unit (systemctl edit), or ulimit -Hc");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_CORE, &limit) != 0)
        return fail_errno(errno, "RLIMIT_CORE");
    return {};
}

}  // namespace vedette
