// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/privileges.h"

#include <cap-ng.h>
#include <sys/prctl.h>

#include <array>
#include <cstring>
#include <span>

#include "common/os/core_dumps.h"

namespace vedette::probe {
namespace {

// LeakSanitizer stops its own process with ptrace.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kMayHide = false;
#else
constexpr bool kMayHide = true;
#endif

constexpr std::array kWorkerCapabilities = {CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_PTRACE,
                                            CAP_DAC_READ_SEARCH};
constexpr std::array kOpenerCapabilities = {CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};

/// Capabilities of this thread but `kept`, and all ways to get more. Warnings, one sentence each.
Result<std::vector<std::string>> drop_all_but(std::span<const int> kept) {
    std::vector<std::string> warnings;
    capng_clear(CAPNG_SELECT_ALL);
    if (capng_get_caps_process() != 0) {
        return fail(ErrorCode::kIo, "the capabilities of this process cannot be read");
    }
    const bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    std::vector<unsigned> held;
    for (const int capability : kept) {
        const auto number = static_cast<unsigned>(capability);
        if (capng_have_capability(CAPNG_PERMITTED, number) != 0)
            held.push_back(number);
    }
    capng_clear(CAPNG_SELECT_ALL);
    if (may_bound && capng_apply(CAPNG_SELECT_BOUNDS) != 0) {
        warnings.emplace_back("the capability bounding set could not be emptied");
    }
    for (const unsigned number : held) {
        capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
                     number);
    }
    if (capng_apply(CAPNG_SELECT_CAPS) != 0) {
        return fail(ErrorCode::kDenied, "capabilities could not be dropped");
    }
    if (held.empty() && (capng_get_caps_process() != 0 ||
                         capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)) {
        return fail(ErrorCode::kDenied, "capabilities are left after dropping them");
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        warnings.push_back(fmt::format("no_new_privs: {}", std::strerror(errno)));
    }
    return warnings;
}

}  // namespace

Result<std::vector<std::string>> drop_privileges(bool core_dumps) {
    auto warnings = drop_all_but({});
    if (warnings && (kMayHide || core_dumps))
        if (auto set = set_core_dumps(core_dumps); !set)
            warnings->push_back(std::move(set.error().message));
    return warnings;
}

Result<> keep_worker_privileges() {
    auto warnings = drop_all_but(kWorkerCapabilities);
    if (!warnings)
        return forward_error(warnings);
    return {};
}

Result<> keep_opener_privileges() {
    auto warnings = drop_all_but(kOpenerCapabilities);
    if (!warnings)
        return forward_error(warnings);
    return {};
}

}  // namespace vedette::probe
