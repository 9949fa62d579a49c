// SPDX-License-Identifier: Apache-2.0
//
// Whether a crash leaves a core dump. It would hold what other people typed, so it does not unless it is asked for.
#pragma once

#include "common/result.h"

namespace vedette {

/// Allowed: as large as the hard limit lets it be; else none, and the process is closed to others of its user. To be
/// called after the last change of ids or capabilities, which the kernel answers by closing the process.
/// Errors: kDenied when dumps are wanted and the hard limit is 0 (LimitCORE of the unit).
Result<> set_core_dumps(bool allowed);

}  // namespace vedette
