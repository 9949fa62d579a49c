// SPDX-License-Identifier: Apache-2.0
//
// The snapshot where the kernel has no task iterator: the same VDT_SNAPSHOT records, read from /proc. Weaker: start
// times have the resolution of a clock tick (10 ms) and exec_id is 0, so the caller matches by pid and a close start.
#pragma once

#include <string>

#include "system-probe/ebpf/record_source.h"

namespace vedette::probe {

/// `proc`: "/proc", or a tree that looks like it. A process that ends meanwhile is left out.
Result<> read_proc_snapshot(const std::string& proc, const RecordSink& sink);

}  // namespace vedette::probe
