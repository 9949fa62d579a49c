// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/ring_reader.h"

#include <bpf/libbpf.h>

namespace vedette::probe {

Result<std::unique_ptr<RingReader>> RingReader::open(int map_fd) {
    std::unique_ptr<RingReader> reader(new RingReader);
    reader->ring_ = ring_buffer__new(map_fd, on_record, reader.get(), nullptr);
    if (reader->ring_ == nullptr)
        return fail_errno(errno, "mapping the ring buffer");
    return reader;
}

RingReader::~RingReader() {
    ring_buffer__free(ring_);
}

int RingReader::on_record(void* self, void* data, size_t size) {
    auto& reader = *static_cast<RingReader*>(self);
    (*reader.sink_)({static_cast<const std::byte*>(data), size});
    // libbpf 1.1 reads on while there is anything; a negative answer is the only way out, and the record counts
    // as consumed. What is left keeps the descriptor readable.
    return ++reader.count_ < kMaxRecords ? 0 : -ECANCELED;
}

Result<size_t> RingReader::poll(std::chrono::milliseconds timeout, const RecordSink& sink) {
    sink_ = &sink;
    count_ = 0;
    const int result = ring_buffer__poll(ring_, static_cast<int>(timeout.count()));
    sink_ = nullptr;
    if (result < 0 && result != -ECANCELED && result != -EINTR)
        return fail_errno(-result, "reading the ring buffer");
    return count_;
}

}  // namespace vedette::probe
