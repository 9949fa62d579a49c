// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "security-agent/engine/stream_message.h"

namespace vedette::engine {

class Engine;

/// Sees the stream just before the engine does: one call at a time, none while the engine works.
class BatchTap {
   public:
    virtual ~BatchTap() = default;
    /// `message` null: about a second has passed. Must not block.
    virtual void before(const Engine& engine, const StreamMessage* message) = 0;
};

}  // namespace vedette::engine
