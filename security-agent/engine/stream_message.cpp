// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/stream_message.h"

#include "security-agent/engine/wire_fields.h"

namespace vedette::engine {

google::protobuf::ArenaOptions StreamMessage::options() {
    google::protobuf::ArenaOptions options;
    options.initial_block = first_block_.get();
    options.initial_block_size = kFirstBlock;
    options.max_block_size = kLargestBlock;
    return options;
}

Result<> StreamMessage::read(std::string_view bytes) {
    arena_.Reset();
    events_.clear();
    bytes_ = bytes;
    response_ = google::protobuf::Arena::CreateMessage<v1::SubscribeResponse>(&arena_);
    const uint32_t batch = tag_of(v1::SubscribeResponse::kBatchFieldNumber);
    const bool is_read =
        bytes.size() <= INT32_MAX &&
        each_field(bytes, [&](uint32_t tag, std::string_view field, std::string_view content) {
            return tag == batch ? read_batch(content) : merge_bytes(field, *response_);
        });
    if (!is_read)
        return fail(ErrorCode::kInvalid, "the probe sent {} bytes that are no message",
                    bytes.size());
    return {};
}

/// What stands between two events is parsed at once.
bool StreamMessage::read_batch(std::string_view bytes) {
    v1::Batch& batch = *response_->mutable_batch();
    const uint32_t event = tag_of(v1::Batch::kEventsFieldNumber);
    std::string_view others;
    const bool is_read =
        each_field(bytes, [&](uint32_t tag, std::string_view field, std::string_view content) {
            if (tag != event) {
                others = others.empty()
                             ? field
                             : std::string_view(others.data(), others.size() + field.size());
                return true;
            }
            events_.push_back(content);
            const bool merged = others.empty() || merge_bytes(others, batch);
            others = {};
            return merged;
        });
    return is_read && (others.empty() || merge_bytes(others, batch));
}

}  // namespace vedette::engine
