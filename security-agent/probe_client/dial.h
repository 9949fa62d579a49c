// SPDX-License-Identifier: Apache-2.0
//
// Connects to a socket of the probe and makes sure that it is the probe. Connecting by ourselves rather than by name
// through gRPC gives errors that name their cause, and lets us look at the peer's credentials.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "common/result.h"

namespace vedette::probe_client {

/// Errors: kNotFound (no socket: the probe does not run), kDenied (not ours to use, or the listener is neither root nor
/// this user: somebody who could write to the directory must not feed us events), kUnavailable (nobody listens).
Result<std::shared_ptr<grpc::Channel>> dial(const std::string& path);

}  // namespace vedette::probe_client
