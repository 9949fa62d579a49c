// SPDX-License-Identifier: Apache-2.0
//
// Events from their bytes, one after the other, each where the last one was (proto/event_memory.h).
#pragma once

#include <string_view>

#include "proto/event_memory.h"

namespace vedette::engine {

/// One thread.
class EventParser {
   public:
    /// Good until the next call, and then anybody's who has moved it away. Null: the bytes are no event.
    v1::Event* parse(std::string_view bytes);
    /// The number of the payload in the bytes of an event; 0 when it has none.
    static uint32_t payload_of(std::string_view bytes);

   private:
    v1::Event event_;
    EventMemory memory_;
};

}  // namespace vedette::engine
