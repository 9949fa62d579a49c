// SPDX-License-Identifier: Apache-2.0
//
// Where messages of the probe are parsed, one after the other. A batch has thousands of parts: they stand in one
// arena, are freed at once, and the arena's first block serves the next batch again.
#pragma once

#include <google/protobuf/arena.h>

#include <cstddef>
#include <memory>

#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

class StreamMessage {
   public:
    /// An empty message; the one before is gone.
    v1::SubscribeResponse& next() {
        arena_.Reset();
        return *google::protobuf::Arena::CreateMessage<v1::SubscribeResponse>(&arena_);
    }

   private:
    static constexpr size_t kFirstBlock = 32U << 10;
    static constexpr size_t kLargestBlock = 128U << 10;

    google::protobuf::ArenaOptions options() {
        google::protobuf::ArenaOptions options;
        options.initial_block = first_block_.get();
        options.initial_block_size = kFirstBlock;
        options.max_block_size = kLargestBlock;
        return options;
    }

    std::unique_ptr<char[]> first_block_{new char[kFirstBlock]};
    google::protobuf::Arena arena_{options()};
};

}  // namespace vedette::engine
