// SPDX-License-Identifier: Apache-2.0
//
// One place that lines are written to. Its queue sees to it that one thread at a time does (queued_output.h).
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace vedette::outputs {

/// As many whole lines as `room` has place for; the first always, even when it is longer.
inline std::string_view whole_lines_within(std::string_view lines, size_t room) {
    if (lines.size() <= room)
        return lines;
    const size_t last = room > 0 ? lines.rfind('\n', room - 1) : lines.npos;
    return lines.substr(0, (last == lines.npos ? lines.find('\n') : last) + 1);
}

class Sink {
   public:
    virtual ~Sink() = default;
    /// `lines`: each with its newline; of the first the beginning may have been written. Returns how many bytes were
    /// written; the caller comes back with the rest. Errors: kIo (disk full, closed pipe ...), worth trying again.
    virtual Result<size_t> write(std::string_view lines) = 0;
    /// One line without its newline, by whoever brings it while the queue is empty: what can be written of both without
    /// any waiting. 0: nothing, or the sink does not know.
    virtual size_t write_now(std::string_view /*line*/) { return 0; }
    /// After logrotate moved the file.
    virtual Result<> reopen() = 0;
};

}  // namespace vedette::outputs
