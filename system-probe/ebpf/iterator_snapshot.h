// SPDX-License-Identifier: Apache-2.0
//
// The snapshot from the kernel's task iterator: a file whose content is one VDT_SNAPSHOT record after the other.
#pragma once

#include "common/os/fd.h"
#include "system-probe/ebpf/record_source.h"

namespace vedette::probe {

/// Reads to the end. Errors: a size that cannot be (kInvalid), a failed read.
Result<> read_iterator_snapshot(int fd, const RecordSink& sink);

}  // namespace vedette::probe
