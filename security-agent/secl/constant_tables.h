// SPDX-License-Identifier: Apache-2.0
//
// The tables behind constants.h, split by the headers they need: the kernel's and libc's do not go together.
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
    std::string_view doc;
    /// Of several names for a value the one that alerts use stands first.
    std::span<const Entry> entries;
};

std::span<const Family> file_families();
std::span<const Family> process_families();
std::span<const Family> bpf_families();
/// Family bpf_helper, in lower case.
std::span<const Entry> bpf_helpers();
std::span<const Family> socket_families();
std::span<const Family> network_families();

}  // namespace vedette::secl::tables
