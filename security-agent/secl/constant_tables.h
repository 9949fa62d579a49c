// SPDX-License-Identifier: Apache-2.0
//
// The tables behind constants.h, split by the headers they need.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace vedette::secl::tables {

struct Entry {
    std::string_view name;
    int64_t value = 0;
};

struct Family {
    std::string_view name;
    std::span<const Entry> entries;
};

/// Files, processes, sockets: libc's headers.
std::span<const Family> libc_families();
/// prctl, BPF, Ethernet, capabilities: the kernel's headers.
std::span<const Family> kernel_families();

}  // namespace vedette::secl::tables
