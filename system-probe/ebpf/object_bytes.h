// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace vedette::probe {

/// The linked BPF object, an ELF file built into this program.
std::span<const std::byte> bpf_object_bytes();

}  // namespace vedette::probe
