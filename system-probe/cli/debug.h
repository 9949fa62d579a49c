// SPDX-License-Identifier: Apache-2.0
//
// `system-probe debug`: asks the running probe.
#pragma once

#include <string>

#include "common/config/settings.h"

namespace vedette::probe {

struct ProcessCacheArguments {
    bool with_args = false;
    std::string format = "dot";  ///< or json
};

/// Both print and return the exit code.
int debug_config(const Settings& settings);
int debug_process_cache(const Settings& settings, const ProcessCacheArguments& arguments);

}  // namespace vedette::probe
