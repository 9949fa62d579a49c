// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the content of a program: what is said of it is bounded and the same each time, and no read goes beyond the
// file or reads more than a few blocks of it. Without libFuzzer the corpus runs in unit_fuzz_metadata.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "system-probe/files/file_metadata.h"
#include "vedette/v1/event.pb.h"

namespace {

using namespace vedette;

constexpr size_t kMaxRead = 8U << 20;  // of a file that is larger than any input
constexpr size_t kMaxText = 4096;

void require(bool condition, const char* what) {
    if (!condition) {
        std::fprintf(stderr, "%s\n", what);
        std::abort();
    }
}

std::string metadata_of(std::span<const uint8_t> bytes) {
    size_t read = 0;
    const probe::Content content{
        bytes.size(), [&](uint64_t offset, std::span<std::byte> into) -> size_t {
            if (offset >= bytes.size())
                return 0;
            const size_t size = std::min(into.size(), bytes.size() - static_cast<size_t>(offset));
            std::memcpy(into.data(), bytes.data() + offset, size);
            read += size;
            return size;
        }};
    v1::FileMetadata out;
    probe::read_metadata(content, out);
    require(read <= kMaxRead, "too much is read");
    const std::string text = out.SerializeAsString();
    require(text.size() <= kMaxText, "too much is said");
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    require(metadata_of({data, size}) == metadata_of({data, size}), "not the same twice");
    return 0;
}
