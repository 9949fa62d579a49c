// SPDX-License-Identifier: Apache-2.0
//
// A message of the probe as it comes. The events of a batch stay in their bytes until it is their turn: so the engine has
// one event in memory, where the last one was, and not a batch of thousands of parts. What else there is, is parsed into
// one arena whose first block serves the next message again.
#pragma once

#include <google/protobuf/arena.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

class StreamMessage {
   public:
    /// Takes the place of the message before. `bytes` must stay as long. Errors: kInvalid, then nothing can be said of it.
    Result<> read(std::string_view bytes);

    std::string_view bytes() const { return bytes_; }
    /// The message, but for the events of its batch.
    v1::SubscribeResponse& response() const { return *response_; }
    /// Of its batch: each a v1::Event, or what claims to be one.
    const std::vector<std::string_view>& events() const { return events_; }

   private:
    static constexpr size_t kFirstBlock = 32U << 10;
    static constexpr size_t kLargestBlock = 128U << 10;

    google::protobuf::ArenaOptions options();
    bool read_batch(std::string_view bytes);

    std::unique_ptr<char[]> first_block_{new char[kFirstBlock]};
    google::protobuf::Arena arena_{options()};
    v1::SubscribeResponse* response_ =
        google::protobuf::Arena::CreateMessage<v1::SubscribeResponse>(&arena_);
    std::string_view bytes_;
    std::vector<std::string_view> events_;
};

}  // namespace vedette::engine
