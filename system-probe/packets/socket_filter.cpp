// SPDX-License-Identifier: Apache-2.0
//
// The instruction set: Documentation/networking/filter.rst of the kernel. An instruction that is none is shown as its
// numbers: the kernel refuses such a filter, and the refused call is an event too.
#include "system-probe/packets/socket_filter.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace vedette::probe {
namespace {

std::string unknown(const sock_filter& code) {
    return fmt::format(".word {:#06x} {} {} {:#x}", code.code, code.jt, code.jf, code.k);
}

std::string load(const sock_filter& code) {
    const uint16_t size = BPF_SIZE(code.code);
    const std::string_view suffix = size == BPF_H ? "h" : size == BPF_B ? "b" : "";
    switch (BPF_MODE(code.code)) {
        case BPF_IMM:
            return fmt::format("ld #{:#x}", code.k);
        case BPF_ABS:
            return fmt::format("ld{} [{}]", suffix, code.k);
        case BPF_IND:
            return fmt::format("ld{} [x + {}]", suffix, code.k);
        case BPF_MEM:
            return fmt::format("ld M[{}]", code.k);
        case BPF_LEN:
            return "ld len";
        default:
            return unknown(code);
    }
}

std::string load_x(const sock_filter& code) {
    switch (BPF_MODE(code.code)) {
        case BPF_IMM:
            return fmt::format("ldx #{:#x}", code.k);
        case BPF_MEM:
            return fmt::format("ldx M[{}]", code.k);
        case BPF_LEN:
            return "ldx len";
        case BPF_MSH:
            return fmt::format("ldxb 4*([{}]&0xf)", code.k);
        default:
            return unknown(code);
    }
}

std::string compute(const sock_filter& code) {
    static constexpr std::array<std::string_view, 11> kNames = {
        "add", "sub", "mul", "div", "or", "and", "lsh", "rsh", "neg", "mod", "xor"};
    const size_t operation = BPF_OP(code.code) >> 4;
    if (operation >= kNames.size())
        return unknown(code);
    if (BPF_OP(code.code) == BPF_NEG)
        return "neg";
    return BPF_SRC(code.code) == BPF_X ? fmt::format("{} x", kNames[operation])
                                       : fmt::format("{} #{:#x}", kNames[operation], code.k);
}

std::string jump(const sock_filter& code, uint64_t next) {
    static constexpr std::array<std::string_view, 5> kNames = {"ja", "jeq", "jgt", "jge", "jset"};
    const size_t operation = BPF_OP(code.code) >> 4;
    if (operation >= kNames.size())
        return unknown(code);
    if (BPF_OP(code.code) == BPF_JA)
        return fmt::format("ja {}", next + code.k);
    const std::string with =
        BPF_SRC(code.code) == BPF_X ? std::string("x") : fmt::format("#{:#x}", code.k);
    return fmt::format("{} {}, {}, {}", kNames[operation], with, next + code.jt, next + code.jf);
}

std::string give_back(const sock_filter& code) {
    switch (BPF_RVAL(code.code)) {
        case BPF_A:
            return "ret a";
        case BPF_X:
            return "ret x";
        case BPF_K:
            return fmt::format("ret #{:#x}", code.k);
        default:
            return unknown(code);
    }
}

/// `next`: the line after it.
std::string text_of(const sock_filter& code, uint64_t next) {
    switch (BPF_CLASS(code.code)) {
        case BPF_LD:
            return load(code);
        case BPF_LDX:
            return load_x(code);
        case BPF_ST:
            return fmt::format("st M[{}]", code.k);
        case BPF_STX:
            return fmt::format("stx M[{}]", code.k);
        case BPF_ALU:
            return compute(code);
        case BPF_JMP:
            return jump(code, next);
        case BPF_RET:
            return give_back(code);
        default:
            return BPF_MISCOP(code.code) == BPF_TXA ? "txa" : "tax";
    }
}

bool uses_immediate(const sock_filter& code) {
    switch (BPF_CLASS(code.code)) {
        case BPF_LD:
        case BPF_LDX:
            return BPF_MODE(code.code) == BPF_IMM;
        case BPF_ALU:
            return BPF_SRC(code.code) == BPF_K && BPF_OP(code.code) != BPF_NEG;
        case BPF_JMP:
            return BPF_SRC(code.code) == BPF_K && BPF_OP(code.code) != BPF_JA;
        default:
            return false;
    }
}

}  // namespace

SocketFilter read_socket_filter(std::string_view code) {
    SocketFilter out;
    uint64_t line = 0;
    for (; code.size() >= sizeof(sock_filter); code.remove_prefix(sizeof(sock_filter))) {
        sock_filter one;
        std::memcpy(&one, code.data(), sizeof one);
        if (uses_immediate(one) && std::ranges::find(out.immediates, one.k) == out.immediates.end())
            out.immediates.push_back(one.k);
        const std::string text = text_of(one, ++line);
        out.is_text_cut =
            out.is_text_cut || out.text.size() + text.size() + 1 > SocketFilter::kMaxText;
        if (out.is_text_cut)
            continue;
        if (!out.text.empty())
            out.text += '\n';
        out.text += text;
    }
    return out;
}

std::string sha256_of(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::string out;
    for (unsigned i = 0; i < size; ++i)
        out += fmt::format("{:02x}", digest.at(i));
    return out;
}

}  // namespace vedette::probe
