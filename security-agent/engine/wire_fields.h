// SPDX-License-Identifier: Apache-2.0
//
// The fields of a message by their bytes, without parsing it.
#pragma once

#include <google/protobuf/message_lite.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace vedette::engine {

/// Of a field that has a length: of texts and messages.
constexpr uint32_t tag_of(int field) {
    return static_cast<uint32_t>(field) << 3 | 2;
}

/// Cuts a number of up to 32 bits off the front; nothing when the bytes are none.
inline std::optional<uint32_t> take_number(std::string_view& bytes) {
    constexpr size_t kMaxBytes = 5;
    uint64_t value = 0;
    for (size_t i = 0; i < std::min(bytes.size(), kMaxBytes); ++i) {
        const auto byte = static_cast<unsigned char>(bytes.data()[i]);
        value |= uint64_t{byte & 0x7fU} << (7 * i);
        if (byte < 0x80) {
            bytes.remove_prefix(i + 1);
            return value > UINT32_MAX ? std::nullopt : std::optional(static_cast<uint32_t>(value));
        }
    }
    return std::nullopt;
}

/// How long the number at the front is; nothing when it does not end.
inline std::optional<size_t> size_of_number(std::string_view bytes) {
    constexpr size_t kMaxBytes = 10;
    // The last byte of a number is the one without its highest bit.
    if (uint64_t word = 0; bytes.size() >= sizeof word) {
        std::memcpy(&word, bytes.data(), sizeof word);
        if constexpr (std::endian::native == std::endian::little) {
            if (const uint64_t last = ~word & 0x8080808080808080U; last != 0)
                return static_cast<size_t>(std::countr_zero(last)) / 8 + 1;
        }
    }
    for (size_t i = 0; i < std::min(bytes.size(), kMaxBytes); ++i)
        if (static_cast<unsigned char>(bytes.data()[i]) < 0x80)
            return i + 1;
    return std::nullopt;
}

/// How long the content of a field is, whose tag and length are cut off. Of the ways to write one it knows those of proto3.
inline std::optional<size_t> take_size(uint32_t tag, std::string_view& bytes) {
    switch (tag & 7) {
        case 0:
            return size_of_number(bytes);
        case 1:
            return sizeof(uint64_t);
        case 2:
            return take_number(bytes);
        case 5:
            return sizeof(uint32_t);
        default:
            return std::nullopt;
    }
}

/// Calls use(tag, field, content) for each field on the highest level: `field` is all of it, `content` what follows its tag
/// and length. False when the bytes are no message, or `use` says so.
template <typename Use>
bool each_field(std::string_view bytes, Use&& use) {
    while (!bytes.empty()) {
        const std::string_view begin = bytes;
        const auto tag = take_number(bytes);
        if (!tag || *tag >> 3 == 0)
            return false;
        const std::optional<size_t> size = take_size(*tag, bytes);
        if (!size || *size > bytes.size())
            return false;
        const std::string_view content = bytes.substr(0, *size);
        bytes.remove_prefix(*size);
        if (!use(*tag, begin.substr(0, begin.size() - bytes.size()), content))
            return false;
    }
    return true;
}

/// Sets in `message` what the bytes say, and leaves the rest as it is. False: they are no such message.
inline bool merge_bytes(std::string_view bytes, google::protobuf::MessageLite& message) {
    return message.ParseFrom<google::protobuf::MessageLite::kMerge>(
        google::protobuf::StringPiece(bytes.data(), bytes.size()));
}

}  // namespace vedette::engine
