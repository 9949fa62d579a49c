// SPDX-License-Identifier: Apache-2.0
#include "common/memory_keeper.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vedette {
namespace {

constexpr int kHeaps = 2;
/// When the first rules are in force, and the engine has packed a thousand processes.
constexpr std::chrono::seconds kSoon(12);
/// It takes two milliseconds, and longer where much was freed.
constexpr std::chrono::seconds kPeriod(120);

/// What the linker wrote to (relocations) is in segments that began writable; the others are as in their file.
int unmap_constant_segments(dl_phdr_info* object, size_t /*size*/, void* /*data*/) {
    const std::string_view name(object->dlpi_name);
    const bool is_file = name.empty() || name.front() == '/';  // not the kernel's vdso
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    for (const ElfW(Phdr) & segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
        if (!is_file || segment.p_type != PT_LOAD || (segment.p_flags & PF_W))
            continue;
        const uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
        const uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the linker has said so
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
    return 0;
}

/// Code and constants: what is used is mapped again from the page cache when it is touched. Most of the rest was touched
/// once, when symbols were looked up and everything was set up.
void unmap_constants() {
    dl_iterate_phdr(unmap_constant_segments, nullptr);
}

void give_back() {
    malloc_trim(0);
    unmap_constants();
}

}  // namespace

void share_heaps() {
    mallopt(M_ARENA_MAX, kHeaps);
}

void MemoryKeeper::start() {
    give_back();
    wait(kSoon);
}

void MemoryKeeper::wait(std::chrono::seconds time) {
    timer_.expires_after(time);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error)
            return;
        give_back();
        wait(kPeriod);
    });
}

}  // namespace vedette
