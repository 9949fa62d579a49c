// SPDX-License-Identifier: Apache-2.0
//
// Where this process spends its CPU time: a timer of CPU time (setitimer) signals whichever thread runs, whose stack goes
// into a buffer that was made before. Costs nothing while no profile is taken; needs no privileges.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "common/result.h"

namespace vedette::telemetry {

/// 1 to 60 seconds; blocks as long, or until `cancelled` says so (asked every 100 ms). The answer is pprof's legacy CPU
/// profile: 64-bit words, then /proc/self/maps. Errors: kUnavailable while another one is taken.
Result<std::string> cpu_profile(std::chrono::seconds length,
                                const std::function<bool()>& cancelled);

}  // namespace vedette::telemetry
