// SPDX-License-Identifier: Apache-2.0
//
// The gRPC side of the stream. Batches travel as the bytes they were serialized to once, whoever asks for them.
#pragma once

#include "system-probe/stream/batch_queue.h"
#include "system-probe/stream/call.h"
#include "system-probe/stream/subscriber.h"

namespace vedette::probe {

/// `queue` must outlive the server that the route is for.
Route event_route(BatchQueue& queue, StreamHandlers handlers);

}  // namespace vedette::probe
