// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "security-agent/outputs/sink.h"

namespace vedette::outputs {

/// Writes to a descriptor that stays open and is not closed here: standard output.
std::unique_ptr<Sink> make_fd_sink(int fd, std::string name);

}  // namespace vedette::outputs
