// SPDX-License-Identifier: Apache-2.0
//
// The memory of one event for the next. Protobuf frees a payload with all its strings when its event is cleared, and
// asks for the same again a microsecond later: half of what it cost to decode an event, and to parse one. Here the
// payload of an event that is no longer needed stays, cleared but with its memory, for the next of its type.
#pragma once

#include <vector>

#include "vedette/v1/event.pb.h"

namespace vedette {

/// One thread. Keeps one event of each type.
class EventMemory {
   public:
    /// Clears an event, which is in no arena, for a payload of this number (0, or one that is not known: none). An empty
    /// payload of that type may be there already; nothing else is.
    void renew(v1::Event& event, uint32_t payload);

   private:
    v1::Event& kept(uint32_t payload);

    std::vector<v1::Event> kept_;  ///< by number of their payload, which is what they are kept for
};

}  // namespace vedette
