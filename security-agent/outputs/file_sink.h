// SPDX-License-Identifier: Apache-2.0
//
// Appends to a file of mode 0640. At `max_size` the file becomes FILE.1 (which goes) and a new one begins, always
// between two lines.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "security-agent/outputs/sink.h"

namespace vedette::outputs {

/// Errors: the file cannot be opened, or is no regular file (a device such as /dev/full is taken, without rotation).
Result<std::unique_ptr<Sink>> make_file_sink(std::string path, uint64_t max_size);

}  // namespace vedette::outputs
