// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/syscall_names.h"

#include <algorithm>
#include <iterator>

#include "bpf/abi/programs.h"

namespace vedette::probe {
namespace {

struct Named {
    std::string_view name;
    uint32_t number;
};

constexpr Named kNative[] = {
#include "syscall_names_native.gen.inc"
};
constexpr Named kCompat[] = {
#include "syscall_names_compat.gen.inc"
    {"", VDT_SYSCALL_MAX},  // no array is empty
};

template <size_t N>
std::optional<uint32_t> find(const Named (&names)[N], std::string_view name) {
    const auto* found = std::ranges::find(names, name, &Named::name);
    if (found == std::end(names) || found->number >= VDT_SYSCALL_MAX)
        return std::nullopt;
    return found->number;
}

}  // namespace

SystemCallNumbers find_system_call(std::string_view name) {
    return {find(kNative, name), find(kCompat, name)};
}

}  // namespace vedette::probe
