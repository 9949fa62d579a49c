// SPDX-License-Identifier: Apache-2.0
//
// Asks the running probe, for `system-probe debug` and `health`. Errors name the socket and what to do.
#pragma once

#include <functional>
#include <string>

#include "common/result.h"
#include "vedette/v1/command.pb.h"
#include "vedette/v1/event_monitoring.pb.h"

namespace vedette::probe {

/// Answered by the thread that reads the kernel's records: no answer within five seconds means that it is stuck.
Result<v1::ProbeStatus> ask_status(const std::string& socket_path);
Result<v1::ProbeConfig> ask_config(const std::string& socket_path);
/// The path of the new file.
Result<std::string> ask_process_dump(const std::string& socket_path,
                                     const v1::DumpProcessCacheRequest& request);
Result<std::string> ask_discarder_dump(const std::string& socket_path);

Result<v1::SelfTestResult> ask_self_test(const std::string& socket_path);
Result<v1::ReloadPoliciesResult> ask_reload(const std::string& socket_path);
Result<v1::RuleSetReport> ask_rule_set_report(const std::string& socket_path);
/// Until `visit` is false or the probe ends the call, which is an error.
Result<> listen_to_processes(const std::string& socket_path, bool snapshot,
                             const std::function<bool(const v1::ProcessEvents&)>& visit);
/// Errors also: what the probe says instead of files.
Result<v1::DumpNetworkNamespaceResponse> ask_network_dump(
    const std::string& socket_path, const v1::DumpNetworkNamespaceRequest& request);

}  // namespace vedette::probe
