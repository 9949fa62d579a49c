// SPDX-License-Identifier: Apache-2.0
//
// What the content of a file says of itself: kind, machine, packer. Whoever wrote the file chose every byte of it: a few
// places are read, each with a bound, and nothing is followed that points outside of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace vedette::v1 {
class FileMetadata;
}

namespace vedette::probe {

/// A file to read from: fills `into` from `offset` on, returns how many bytes there were.
struct Content {
    uint64_t size = 0;
    std::function<size_t(uint64_t offset, std::span<std::byte> into)> read;
};

/// The content of an open file.
Content content_of(int fd, uint64_t size);

void read_metadata(const Content& content, v1::FileMetadata& out);

}  // namespace vedette::probe
