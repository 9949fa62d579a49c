// SPDX-License-Identifier: Apache-2.0
//
// Packet filters in the language of libpcap (pcap-filter(7)), compiled to classic BPF. The agent compiles to refuse what
// cannot be, the probe to have the program: neither believes the other. A filter sees a packet from its IP header on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace vedette {

/// One instruction of classic BPF, as in linux/filter.h.
struct ClassicInstruction {
    uint16_t code = 0;
    uint8_t jump_true = 0;
    uint8_t jump_false = 0;
    uint32_t k = 0;
};

inline constexpr size_t kMaxFilterText = 1024;
inline constexpr size_t kMaxFilterInstructions = 512;

/// Asks nobody: names of hosts and networks are refused, those of ports and protocols come from files in /etc. Errors:
/// kInvalid in libpcap's own words, kLimit beyond the sizes above.
Result<std::vector<ClassicInstruction>> compile_packet_filter(std::string_view expression);

}  // namespace vedette
