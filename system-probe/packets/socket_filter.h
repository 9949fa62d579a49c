// SPDX-License-Identifier: Apache-2.0
//
// A packet filter as SO_ATTACH_FILTER takes it: an array of struct sock_filter (classic BPF), made readable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::probe {

struct SocketFilter {
    static constexpr size_t kMaxText = 16 * 1024;

    /// One instruction a line, as the kernel's bpf_asm writes them; jumps name the line they go to, the first is 0.
    std::string text;
    bool is_text_cut = false;
    /// Constants it computes or compares with, each once, in the order of the code.
    std::vector<uint32_t> immediates;
};

/// `code`: whole instructions in host byte order; what is left over at the end is ignored.
SocketFilter read_socket_filter(std::string_view code);

/// 64 hexadecimal digits.
std::string sha256_of(std::string_view bytes);

}  // namespace vedette::probe
