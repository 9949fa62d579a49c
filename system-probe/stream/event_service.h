// SPDX-License-Identifier: Apache-2.0
//
// The gRPC side of the stream. Batches travel as the bytes they were serialized to once, whoever asks for them.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>

#include "system-probe/stream/batch_queue.h"
#include "system-probe/stream/subscriber.h"

namespace vedette::probe {

/// `queue` must outlive the server that the service is registered with.
std::unique_ptr<grpc::Service> make_event_service(BatchQueue& queue, StreamHandlers handlers);

}  // namespace vedette::probe
