// SPDX-License-Identifier: Apache-2.0
//
// Packet filters as one BPF program that the kernel runs on every packet (see VDT_STEP_FILTERS): classic BPF, turned into
// the kernel's instruction by instruction. Reads beyond the packet reject it, as in libpcap. Jumps go forward only, so
// that the program ends; the kernel's verifier has the last word.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/packet_filter.h"
#include "common/result.h"

struct bpf_insn;

namespace vedette::probe {

using ClassicProgram = std::vector<ClassicInstruction>;

/// At most VDT_PACKET_FILTERS filters. Bit i of what the program leaves in cb[0] is filters[i]; `first_slot` is what it
/// leaves in cb[1]; `steps_fd` is the map where it goes on. Errors: kInvalid for an instruction that is none, or a jump
/// that leaves its program.
Result<std::vector<bpf_insn>> make_packet_program(std::span<const ClassicProgram> filters,
                                                  uint32_t first_slot, int steps_fd);

}  // namespace vedette::probe
