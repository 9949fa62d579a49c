// SPDX-License-Identifier: Apache-2.0
//
// Numbers of system calls by name, as far as the kernel headers that this was built with know them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace vedette::probe {

struct SystemCallNumbers {
    std::optional<uint32_t> native;
    std::optional<uint32_t> compat;  ///< of the 32-bit entry; on arm64 never known
    bool known() const { return native || compat; }
};

/// Only numbers below VDT_SYSCALL_MAX.
SystemCallNumbers find_system_call(std::string_view name);

}  // namespace vedette::probe
