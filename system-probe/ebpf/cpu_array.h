// SPDX-License-Identifier: Apache-2.0
//
// A mappable BPF array with one element a CPU: reading it takes no system call and no capability. The programs write
// while we read.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "common/result.h"

namespace vedette::probe {

template <typename T>
class CpuArray {
   public:
    /// `what` is for the message.
    static Result<CpuArray> open(int map_fd, uint32_t cpus, const char* what) {
        const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        const size_t bytes = (cpus * sizeof(T) + page - 1) / page * page;
        void* base = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, map_fd, 0);
        if (base == MAP_FAILED)
            return fail_errno(errno, "mapping the BPF {}", what);
        return CpuArray(base, bytes, cpus);
    }
    CpuArray(CpuArray&& other) noexcept
        : base_(std::exchange(other.base_, nullptr)), bytes_(other.bytes_), cpus_(other.cpus_) {}
    CpuArray& operator=(CpuArray&&) = delete;
    ~CpuArray() {
        if (base_ != nullptr)
            munmap(base_, bytes_);
    }

    std::span<const T> cpus() const { return {static_cast<const T*>(base_), cpus_}; }

   private:
    CpuArray(void* base, size_t bytes, uint32_t cpus) : base_(base), bytes_(bytes), cpus_(cpus) {}

    void* base_;
    size_t bytes_;
    uint32_t cpus_;
};

}  // namespace vedette::probe
