// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/object_bytes.h"

// The skeleton names types of this header and does not include it.
#include "bpf/abi/programs.h"
#include "vedette_bpf.skel.h"

namespace vedette::probe {

std::span<const std::byte> bpf_object_bytes() {
    size_t size = 0;
    const void* bytes = vedette_bpf__elf_bytes(&size);
    return {static_cast<const std::byte*>(bytes), size};
}

}  // namespace vedette::probe
