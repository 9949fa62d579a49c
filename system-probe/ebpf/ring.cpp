// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/ring.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace vedette::probe {
namespace {

/// In front of each record: its length and two flags, then four bytes that are the kernel's.
constexpr size_t kHeader = BPF_RINGBUF_HDR_SZ;

size_t page_size() {
    static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return size;
}

size_t round_up(size_t value, size_t unit) {
    return (value + unit - 1) / unit * unit;
}

uint64_t load(const std::byte* position) {
    return __atomic_load_n(reinterpret_cast<const unsigned long*>(position), __ATOMIC_ACQUIRE);
}

}  // namespace

Result<Mapping> Mapping::open(int fd, size_t offset, size_t bytes, int protection,
                              const char* what) {
    void* base = mmap(nullptr, bytes, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
    if (base == MAP_FAILED)
        return fail_errno(errno, "mapping {}", what);
    Mapping mapping;
    mapping.base_ = static_cast<std::byte*>(base);
    mapping.bytes_ = bytes;
    return mapping;
}

Mapping::~Mapping() {
    if (base_ != nullptr)
        munmap(base_, bytes_);
}

// The descriptor shows a page of the consumer's, one of the producer's, and the data twice, so that a record which goes on
// at the begin of the ring is in one piece.

Result<Ring> Ring::open(int fd, size_t bytes) {
    const size_t page = page_size();
    Ring ring;
    ring.fd_ = fd;
    ring.bytes_ = bytes;
    auto consumer =
        Mapping::open(fd, 0, page, PROT_READ | PROT_WRITE, "the ring's consumer position");
    if (!consumer)
        return forward_error(consumer);
    ring.consumer_ = std::move(*consumer);
    auto producer = Mapping::open(fd, page, page, PROT_READ, "the ring's producer position");
    if (!producer)
        return forward_error(producer);
    ring.producer_ = std::move(*producer);
    if (auto shown = ring.show(0, kHeader); !shown)
        return forward_error(shown);
    return ring;
}

Result<> Ring::show(size_t offset, size_t bytes) {
    const size_t page = page_size();
    const size_t begin = offset / page * page;
    const size_t wanted = std::max(kWindow, round_up(offset - begin + bytes, page));
    const size_t length = std::min(wanted, 2 * bytes_ - begin);
    auto window = Mapping::open(fd_, 2 * page + begin, length, PROT_READ, "records of the ring");
    if (!window)
        return forward_error(window);
    window_ = std::move(*window);
    window_begin_ = begin;
    return {};
}

Result<std::optional<std::span<const std::byte>>> Ring::front() {
    front_bytes_ = 0;
    for (;;) {
        const uint64_t consumed = load(consumer_.at(0));
        if (consumed >= load(producer_.at(0)))
            return std::nullopt;
        const size_t offset = consumed & (bytes_ - 1);
        if (!is_mapped(offset, kHeader)) {
            if (auto shown = show(offset, kHeader); !shown)
                return forward_error(shown);
        }
        const auto header =
            __atomic_load_n(reinterpret_cast<const uint32_t*>(window_.at(offset - window_begin_)),
                            __ATOMIC_ACQUIRE);
        if (header & BPF_RINGBUF_BUSY_BIT)
            return std::nullopt;
        const size_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
        const size_t taken = round_up(kHeader + length, 8);
        if (header & BPF_RINGBUF_DISCARD_BIT) {
            skip(taken);
            continue;
        }
        if (!is_mapped(offset, taken)) {
            if (auto shown = show(offset, taken); !shown)
                return forward_error(shown);
        }
        front_bytes_ = taken;
        return std::span<const std::byte>(window_.at(offset - window_begin_ + kHeader), length);
    }
}

void Ring::pop() {
    skip(std::exchange(front_bytes_, 0));
}

void Ring::skip(size_t bytes) {
    auto* position = reinterpret_cast<unsigned long*>(consumer_.at(0));
    __atomic_store_n(position, *position + bytes, __ATOMIC_RELEASE);
}

}  // namespace vedette::probe
