// SPDX-License-Identifier: Apache-2.0
//
// The gRPC side of the process feed.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <functional>
#include <memory>

#include "system-probe/stream/process_feed.h"

namespace vedette::probe {

/// Called on gRPC's threads. Must call close() of a listener that it does not take.
using ListenHandler =
    std::function<void(std::shared_ptr<ProcessListener> listener, bool with_snapshot)>;

std::unique_ptr<grpc::Service> make_monitoring_service(ListenHandler on_listen);

}  // namespace vedette::probe
