// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "common/result.h"
#include "vedette/v1/command.pb.h"

namespace vedette::probe_client {

/// Asks the probe how it is, on its command socket. Blocks up to `timeout`; any thread but the engine's.
Result<v1::ProbeStatus> probe_status(const std::string& socket_path,
                                     std::chrono::milliseconds timeout);

/// The settings it runs with, as YAML. Blocks likewise.
Result<std::string> probe_settings(const std::string& socket_path,
                                   std::chrono::milliseconds timeout);

/// The files it wrote. Blocks, as above. Errors also: what the probe says instead of files.
Result<v1::DumpNetworkNamespaceResponse> dump_network_namespace(const std::string& socket_path,
                                                                bool snapshot_interfaces,
                                                                std::chrono::milliseconds timeout);

/// Has the probe write its discarders to a new file that only its user can read; the file's path. Blocks likewise.
Result<std::string> dump_discarders(const std::string& socket_path,
                                    std::chrono::milliseconds timeout);

/// The same with what it knows of all processes.
Result<std::string> dump_process_cache(const std::string& socket_path,
                                       const v1::DumpProcessCacheRequest& request,
                                       std::chrono::milliseconds timeout);

}  // namespace vedette::probe_client
