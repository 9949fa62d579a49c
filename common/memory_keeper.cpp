// SPDX-License-Identifier: Apache-2.0
#include "common/memory_keeper.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

namespace vedette {
namespace {

constexpr int kHeaps = 2;
/// After the first self-test, when everything has run once.
constexpr std::chrono::seconds kSoon(20);
constexpr std::chrono::seconds kPeriod(600);

/// Lines of /proc/self/maps, proc(5): those of code that is a file's and not written to. What runs on is mapped again from
/// the page cache at its next instruction.
void unmap_code() {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        unsigned long begin = 0, end = 0;
        char rights[5] = {};
        if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights) != 3 ||
            std::string_view(rights) != "r-xp" || line.find(" /") == line.npos)
            continue;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel has said so
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
}

void give_back() {
    malloc_trim(0);
    unmap_code();
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
