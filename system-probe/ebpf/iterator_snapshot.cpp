// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/iterator_snapshot.h"

#include <unistd.h>

#include <cstring>
#include <vector>

namespace vedette::probe {
namespace {

constexpr size_t kReadBytes = 256 * 1024;

/// Hands over the whole records at the front of `bytes`; returns how many bytes that were.
Result<size_t> split_records(std::span<const std::byte> bytes, const RecordSink& sink) {
    size_t at = 0;
    while (bytes.size() - at >= sizeof(vdt_header)) {
        uint32_t size = 0;
        std::memcpy(&size, bytes.data() + at + offsetof(vdt_header, size), sizeof(size));
        if (size < sizeof(vdt_header) || size > VDT_RECORD_MAX)
            return fail(ErrorCode::kInvalid, "the task iterator gave a record of {} bytes", size);
        if (bytes.size() - at < size)
            break;
        sink(bytes.subspan(at, size));
        at += size;
    }
    return at;
}

}  // namespace

Result<> read_iterator_snapshot(int fd, const RecordSink& sink) {
    std::vector<std::byte> buffer(kReadBytes);
    size_t filled = 0;
    for (;;) {
        const ssize_t n = read(fd, buffer.data() + filled, buffer.size() - filled);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;  // EAGAIN: many tasks without a word
        if (n < 0)
            return fail_errno(errno, "reading the task iterator");
        if (n == 0)
            break;
        filled += static_cast<size_t>(n);
        auto taken = split_records({buffer.data(), filled}, sink);
        if (!taken)
            return forward_error(taken);
        std::memmove(buffer.data(), buffer.data() + *taken, filled - *taken);
        filled -= *taken;
    }
    if (filled != 0)
        return fail(ErrorCode::kInvalid, "the task iterator ended within a record");
    return {};
}

}  // namespace vedette::probe
