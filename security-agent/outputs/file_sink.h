// SPDX-License-Identifier: Apache-2.0
//
// Appends to a file of mode 0640. A line that would take it beyond `max_size` begins a new file; the full one becomes
// FILE.1, and the FILE.1 that was there goes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "security-agent/outputs/sink.h"

namespace vedette::outputs {

/// Errors: the file cannot be opened, or is no regular file (a device such as /dev/full is taken, without rotation).
Result<std::unique_ptr<Sink>> make_file_sink(std::string path, uint64_t max_size);

}  // namespace vedette::outputs
