// SPDX-License-Identifier: Apache-2.0
//
// The consuming end of one BPF ring buffer (Linux, Documentation/bpf/ringbuf.rst). libbpf maps all of a ring, and all of it
// counts as memory of ours though it is the kernel's; here a window of it is mapped, and moves along.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "common/result.h"

namespace vedette::probe {

/// A shared mapping of a part of what `fd` names.
class Mapping {
   public:
    /// `offset` is a multiple of the page size. `what` is for the message.
    static Result<Mapping> open(int fd, size_t offset, size_t bytes, int protection,
                                const char* what);
    Mapping() = default;
    Mapping(Mapping&& other) noexcept { *this = std::move(other); }
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(base_, other.base_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Mapping();

    std::byte* at(size_t offset) const { return base_ + offset; }
    size_t bytes() const { return bytes_; }

   private:
    std::byte* base_ = nullptr;
    size_t bytes_ = 0;
};

/// One thread. The descriptor must outlive it.
class Ring {
   public:
    /// What is mapped of a ring at a time: many records, so that moving it costs nothing that can be measured.
    static constexpr size_t kWindow = 256u << 10;

    /// `bytes`: the size of the ring, a power of two.
    static Result<Ring> open(int fd, size_t bytes);

    /// The oldest record, until pop(); none when there is none or its program has not finished it. Fails when the window
    /// cannot move; then the record stays.
    Result<std::optional<std::span<const std::byte>>> front();
    /// Gives the place of front() back to the kernel.
    void pop();

    /// Can be polled: readable while there is anything.
    int fd() const { return fd_; }

   private:
    Ring() = default;
    bool is_mapped(size_t offset, size_t bytes) const {
        return offset >= window_begin_ && offset + bytes <= window_begin_ + window_.bytes();
    }
    Result<> show(size_t offset, size_t bytes);
    void skip(size_t bytes);

    int fd_ = -1;
    size_t bytes_ = 0;
    Mapping consumer_;  ///< one page, ours to write: how far we are
    Mapping producer_;  ///< one page: how far the programs are
    Mapping window_;
    size_t window_begin_ = 0;  ///< offset in the data, which the kernel shows twice in a row
    size_t front_bytes_ = 0;   ///< of what front() has shown, header included
};

}  // namespace vedette::probe
