// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vedette::engine {

/// Where finished lines go. The engine knows nothing behind it.
class AlertSink {
   public:
    virtual ~AlertSink() = default;
    /// One JSON object without its newline. Must not block; who is with the engine.
    virtual void write(std::string line) = 0;
};

}  // namespace vedette::engine
