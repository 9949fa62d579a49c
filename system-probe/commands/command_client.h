// SPDX-License-Identifier: Apache-2.0
//
// Asks the running probe, for `system-probe debug`. Errors name the socket and what to do.
#pragma once

#include <string>

#include "common/result.h"
#include "vedette/v1/command.pb.h"

namespace vedette::probe {

Result<v1::ProbeConfig> ask_config(const std::string& socket_path);
/// The path of the new file.
Result<std::string> ask_process_dump(const std::string& socket_path,
                                     const v1::DumpProcessCacheRequest& request);

}  // namespace vedette::probe
