// SPDX-License-Identifier: Apache-2.0
//
// What the agent may ask of the probe.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <functional>
#include <memory>

#include "vedette/v1/command.pb.h"

namespace vedette::probe {

/// Calls back exactly once, from any thread; false when the probe is stopping and cannot answer.
using StatusProvider = std::function<void(v1::ProbeStatus& out, std::function<void(bool ok)> done)>;

/// `status` is called on gRPC's threads.
std::unique_ptr<grpc::Service> make_command_service(StatusProvider status);

}  // namespace vedette::probe
