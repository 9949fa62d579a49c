// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

class Engine;

/// Sees the stream just before the engine does. Engine thread.
class BatchTap {
   public:
    virtual ~BatchTap() = default;
    /// `message` null: nothing came for a second. Must not block.
    virtual void before(const Engine& engine, const v1::SubscribeResponse* message) = 0;
};

}  // namespace vedette::engine
