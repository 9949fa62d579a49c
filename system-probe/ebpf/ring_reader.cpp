// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/ring_reader.h"

#include <bpf/libbpf.h>
#include <poll.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <limits>

namespace vedette::probe {
namespace {

uint64_t time_of(const void* data, size_t size) {
    vdt_header header = {};
    if (size >= sizeof header)
        std::memcpy(&header, data, sizeof header);
    return header.time_ns;
}

}  // namespace

Result<std::unique_ptr<RingReader>> RingReader::open(int common_fd, int reserved_fd) {
    std::unique_ptr<RingReader> reader(new RingReader);
    reader->common_ = ring_buffer__new(common_fd, on_common, reader.get(), nullptr);
    if (reader->common_ == nullptr)
        return fail_errno(errno, "mapping the ring buffer");
    reader->reserved_ = ring_buffer__new(reserved_fd, on_reserved, reader.get(), nullptr);
    if (reader->reserved_ == nullptr)
        return fail_errno(errno, "mapping the reserved ring buffer");
    return reader;
}

RingReader::~RingReader() {
    ring_buffer__free(common_);
    ring_buffer__free(reserved_);
}

void RingReader::hand_over(const void* data, size_t size) {
    ++count_;
    (*sink_)({static_cast<const std::byte*>(data), size});
}

void RingReader::hand_over_reserved(uint64_t until_ns) {
    while (!held_.empty() && time_of(held_.front().data(), held_.front().size()) <= until_ns) {
        hand_over(held_.front().data(), held_.front().size());
        held_.pop_front();
    }
}

// libbpf 1.1 reads on while there is anything; a negative answer is the only way out, and the record counts as
// consumed. What is left keeps the descriptor readable.

int RingReader::on_reserved(void* self, void* data, size_t size) {
    auto& reader = *static_cast<RingReader*>(self);
    const auto* bytes = static_cast<const std::byte*>(data);
    reader.held_.emplace_back(bytes, bytes + size);
    return reader.held_.size() < kMaxRecords ? 0 : -ECANCELED;
}

int RingReader::on_common(void* self, void* data, size_t size) {
    auto& reader = *static_cast<RingReader*>(self);
    reader.consume(reader.reserved_);
    reader.newest_common_ns_ = time_of(data, size);
    reader.hand_over_reserved(reader.newest_common_ns_);
    reader.hand_over(data, size);
    return ++reader.common_count_ < kMaxRecords ? 0 : -ECANCELED;
}

int RingReader::consume(ring_buffer* ring) {
    if (ring == reserved_ && held_.size() >= kMaxRecords)
        return 0;
    const int result = ring_buffer__consume(ring);
    return result == -ECANCELED ? 0 : result;
}

Result<> RingReader::wait(std::chrono::milliseconds timeout) {
    pollfd rings[] = {{ring_buffer__epoll_fd(common_), POLLIN, 0},
                      {ring_buffer__epoll_fd(reserved_), POLLIN, 0}};
    if (::poll(rings, std::size(rings), static_cast<int>(timeout.count())) < 0 && errno != EINTR)
        return fail_errno(errno, "waiting for records");
    return {};
}

Result<size_t> RingReader::poll(std::chrono::milliseconds timeout, const RecordSink& sink,
                                const std::function<void(bool)>& sleeps) {
    auto found = read(sink);
    if (!found || *found > 0)
        return found;
    sleeps(true);
    found = read(sink);
    if (found && *found == 0) {
        if (auto waited = wait(timeout); !waited)
            found = forward_error(waited);
    }
    sleeps(false);
    return found && *found == 0 ? read(sink) : found;
}

Result<size_t> RingReader::read(const RecordSink& sink) {
    sink_ = &sink;
    count_ = common_count_ = 0;
    int result = consume(reserved_);
    if (result >= 0)
        result = consume(common_);
    // Where the common ring has more, what is newer than its records waits for them.
    const bool more = common_count_ >= kMaxRecords;
    hand_over_reserved(more ? newest_common_ns_ : std::numeric_limits<uint64_t>::max());
    sink_ = nullptr;
    if (result < 0)
        return fail_errno(-result, "reading the ring buffer");
    return count_;
}

}  // namespace vedette::probe
