// SPDX-License-Identifier: Apache-2.0
//
// The gRPC side of the process feed.
#pragma once

#include <functional>
#include <memory>

#include "system-probe/stream/call.h"
#include "system-probe/stream/process_feed.h"

namespace vedette::probe {

/// Called on a thread of the server's. Must call close() of a listener that it does not take.
using ListenHandler =
    std::function<void(std::shared_ptr<ProcessListener> listener, bool with_snapshot)>;

Route monitoring_route(ListenHandler on_listen);

}  // namespace vedette::probe
