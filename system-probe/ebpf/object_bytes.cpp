// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/object_bytes.h"

#include <cstring>

// The skeleton names types of this header and does not include it.
#include "bpf/abi/programs.h"
#include "vedette_bpf.skel.h"

namespace vedette::probe {

std::span<const std::byte> bpf_object_bytes() {
    size_t size = 0;
    const void* bytes = vedette_bpf__elf_bytes(&size);
    return {static_cast<const std::byte*>(bytes), size};
}

bool set_function_constants(std::span<std::byte> constants, std::string_view name,
                            uint32_t arguments, uint32_t strings) {
    using Constants = struct vedette_bpf::vedette_bpf__rodata;
    Constants now;
    if (constants.size() < sizeof now || name.size() >= sizeof now.function_name)
        return false;
    std::memcpy(&now, constants.data(), sizeof now);
    std::memset(now.function_name, 0, sizeof now.function_name);
    name.copy(now.function_name, name.size());
    now.function_arguments = arguments;
    now.function_strings = strings;
    std::memcpy(constants.data(), &now, sizeof now);
    return true;
}

}  // namespace vedette::probe
