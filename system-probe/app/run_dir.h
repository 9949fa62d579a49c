// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "common/result.h"

namespace vedette::probe {

/// Creates the directory (ours, with `mode`), or checks the one that is there. Errors: kDenied for a symbolic link, another
/// owner, or a mode that lets others write: whoever can write there can take the place of our sockets.
Result<> prepare_run_dir(const std::string& path, mode_t mode = 0755);

}  // namespace vedette::probe
