// SPDX-License-Identifier: Apache-2.0
//
// The programs' counters, mapped: reading them takes no system call and no capability.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bpf/abi/records.h"
#include "common/result.h"

namespace vedette::probe {

class CounterMap {
   public:
    static Result<CounterMap> open(int map_fd, uint32_t cpus);
    CounterMap(CounterMap&& other) noexcept;
    CounterMap& operator=(CounterMap&&) = delete;
    ~CounterMap();

    vdt_counters sum() const;

   private:
    CounterMap(void* base, size_t bytes, uint32_t cpus) : base_(base), bytes_(bytes), cpus_(cpus) {}

    void* base_;
    size_t bytes_;
    uint32_t cpus_;
};

/// Adds the CPUs up, field by field.
vdt_counters sum_counters(std::span<const vdt_counters> cpus);

}  // namespace vedette::probe
