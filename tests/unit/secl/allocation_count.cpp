// SPDX-License-Identifier: Apache-2.0
// In a file of its own: inlined into callers, GCC takes the pair below for a mismatch.
#include "tests/unit/secl/allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<size_t> allocations{0};
}

void* operator new(size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size)) {
        return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
    std::free(memory);
}

namespace vedette::secl::test {

size_t allocation_count() {
    return allocations.load();
}

}  // namespace vedette::secl::test
