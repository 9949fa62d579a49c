// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vedette::probe {

/// The linked BPF object, an ELF file built into this program.
std::span<const std::byte> bpf_object_bytes();

/// Sets the constants of the template of ondemand.bpf.c in the object's read-only data. False: that is not what
/// `constants` is.
bool set_function_constants(std::span<std::byte> constants, std::string_view name,
                            uint32_t arguments, uint32_t strings);

}  // namespace vedette::probe
