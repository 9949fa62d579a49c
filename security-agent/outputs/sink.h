// SPDX-License-Identifier: Apache-2.0
//
// One place that lines are written to. Lives on its queue's thread (queued_output.h).
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace vedette::outputs {

class Sink {
   public:
    virtual ~Sink() = default;
    /// Writes lines that end with '\n', as many bytes as it can. Returns how many were written; that is less than all
    /// only together with an error the next time. Errors: kIo (disk full, closed pipe ...), worth trying again.
    virtual Result<size_t> write(std::string_view lines) = 0;
    /// After logrotate moved the file.
    virtual Result<> reopen() = 0;
};

}  // namespace vedette::outputs
