// SPDX-License-Identifier: Apache-2.0
//
// The program that the kernel runs, on an interpreter of the few instructions it is made of, against libpcap's own verdict
// on the same packets.
#include "system-probe/filters/packet_program.h"

#include <linux/bpf.h>
#include <linux/filter.h>

#include <array>
#include <cstring>
#include <random>
#include <string>

#include "bpf/abi/programs.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::probe;

namespace {

using Bytes = std::vector<uint8_t>;

struct Left {
    uint32_t mask = 0;
    uint32_t slot = 0;
    bool goes_on = false;
};

/// What the program leaves behind; fails the test on anything the verifier would refuse.
class Machine {
   public:
    explicit Machine(const Bytes& packet) : packet_(packet) { at_[1] = kPacket; }

    Left run(const std::vector<bpf_insn>& program) {
        for (size_t i = 0; i < program.size(); ++i) {
            const bpf_insn& one = program[i];
            if (one.code == (BPF_JMP | BPF_EXIT)) {
                CHECK(at_[0] == 1);
                return left_;
            }
            if (one.code == (BPF_LD | BPF_DW | BPF_IMM)) {
                at_[one.dst_reg] = static_cast<uint32_t>(one.imm);
                ++i;
                continue;
            }
            i += step(one);
            REQUIRE(i < program.size());
        }
        FAIL("the program has no end");
        return {};
    }

   private:
    static constexpr uint64_t kPacket = 1ULL << 40;
    static constexpr uint64_t kStackTop = 1ULL << 41;

    uint64_t operand(const bpf_insn& one) const {
        return BPF_SRC(one.code) == BPF_X ? at_[one.src_reg]
                                          : static_cast<uint64_t>(static_cast<int64_t>(one.imm));
    }

    size_t step(const bpf_insn& one) {
        switch (BPF_CLASS(one.code)) {
            case BPF_ALU64:
                at_[one.dst_reg] = compute(BPF_OP(one.code), at_[one.dst_reg], operand(one), 64);
                return 0;
            case BPF_ALU:
                at_[one.dst_reg] =
                    BPF_OP(one.code) == BPF_END
                        ? swap(at_[one.dst_reg], one.imm)
                        : static_cast<uint32_t>(compute(BPF_OP(one.code),
                                                        static_cast<uint32_t>(at_[one.dst_reg]),
                                                        static_cast<uint32_t>(operand(one)), 32));
                return 0;
            case BPF_LDX:
                at_[one.dst_reg] =
                    load(at_[one.src_reg] + static_cast<uint64_t>(one.off), one.code);
                return 0;
            case BPF_ST:
                store(at_[one.dst_reg] + static_cast<uint64_t>(one.off), 0, one.code);
                return 0;
            case BPF_STX:
                store(at_[one.dst_reg] + static_cast<uint64_t>(one.off), at_[one.src_reg],
                      one.code);
                return 0;
            case BPF_JMP:
                if (one.code == (BPF_JMP | BPF_CALL))
                    return call(one.imm), 0;
                return holds(BPF_OP(one.code), at_[one.dst_reg], operand(one)) ? distance(one) : 0;
            case BPF_JMP32:
                return holds(BPF_OP(one.code), static_cast<uint32_t>(at_[one.dst_reg]),
                             static_cast<uint32_t>(operand(one)))
                           ? distance(one)
                           : 0;
            default:
                FAIL("instruction " << int{one.code});
                return 0;
        }
    }

    static size_t distance(const bpf_insn& one) {
        REQUIRE(one.off >= 0);
        return static_cast<size_t>(one.off);
    }

    static uint64_t compute(unsigned op, uint64_t left, uint64_t right, unsigned bits) {
        switch (op) {
            case BPF_ADD:
                return left + right;
            case BPF_SUB:
                return left - right;
            case BPF_MUL:
                return left * right;
            case BPF_DIV:
                REQUIRE(right != 0);
                return left / right;
            case BPF_MOD:
                REQUIRE(right != 0);
                return left % right;
            case BPF_OR:
                return left | right;
            case BPF_AND:
                return left & right;
            case BPF_XOR:
                return left ^ right;
            case BPF_LSH:
                return left << (right % bits);
            case BPF_RSH:
                return left >> (right % bits);
            case BPF_NEG:
                return -left;
            case BPF_MOV:
                return right;
            default:
                FAIL("operation " << op);
                return 0;
        }
    }

    static bool holds(unsigned op, uint64_t left, uint64_t right) {
        switch (op) {
            case BPF_JA:
                return true;
            case BPF_JEQ:
                return left == right;
            case BPF_JNE:
                return left != right;
            case BPF_JGT:
                return left > right;
            case BPF_JGE:
                return left >= right;
            case BPF_JLT:
                return left < right;
            case BPF_JSET:
                return (left & right) != 0;
            default:
                FAIL("comparison " << op);
                return false;
        }
    }

    static uint64_t swap(uint64_t value, int bits) {
        return bits == 16 ? __builtin_bswap16(static_cast<uint16_t>(value))
                          : __builtin_bswap32(static_cast<uint32_t>(value));
    }

    static size_t width(unsigned code) {
        switch (BPF_SIZE(code)) {
            case BPF_B:
                return 1;
            case BPF_H:
                return 2;
            case BPF_W:
                return 4;
            default:
                return 8;
        }
    }

    uint8_t* stack(uint64_t address, size_t size) {
        REQUIRE(address >= kStackTop - stack_.size());
        REQUIRE(address + size <= kStackTop);
        return stack_.data() + (address - (kStackTop - stack_.size()));
    }

    uint64_t load(uint64_t address, unsigned code) {
        if (address == kPacket + offsetof(__sk_buff, len))
            return packet_.size();
        uint64_t value = 0;
        std::memcpy(&value, stack(address, width(code)), width(code));
        return value;
    }

    void store(uint64_t address, uint64_t value, unsigned code) {
        if (address == kPacket + offsetof(__sk_buff, cb))
            left_.mask = static_cast<uint32_t>(value);
        else if (address == kPacket + offsetof(__sk_buff, cb) + 4)
            left_.slot = static_cast<uint32_t>(value);
        else
            std::memcpy(stack(address, width(code)), &value, width(code));
    }

    void call(int function) {
        CHECK(at_[1] == kPacket);
        if (function == BPF_FUNC_tail_call) {
            CHECK(at_[2] == 77);
            CHECK(at_[3] == VDT_STEP_REPORT);
            left_.goes_on = true;
        } else {
            REQUIRE(function == BPF_FUNC_skb_load_bytes);
            const uint64_t offset = static_cast<uint32_t>(at_[2]), size = at_[4];
            const bool fits = offset <= packet_.size() && size <= packet_.size() - offset;
            if (fits)
                std::memcpy(stack(at_[3], size), packet_.data() + offset, size);
            at_[0] = fits ? 0 : static_cast<uint64_t>(-EFAULT);
        }
        for (int i = 1; i <= 5; ++i)
            at_[i] = 0xdeadbeef;  // as after any call
        if (function == BPF_FUNC_tail_call)
            at_[0] = 0;
    }

    const Bytes& packet_;
    std::array<uint64_t, 11> at_ = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, kStackTop};
    std::array<uint8_t, 512> stack_ = {};
    Left left_;
};

ClassicProgram compiled(const std::string& text) {
    INFO(text);
    auto program = compile_packet_filter(text);
    REQUIRE(program);
    return *program;
}

/// Classic BPF as the kernel and libpcap define it, told in the plainest way.
bool passes(const ClassicProgram& program, const Bytes& packet) {
    uint32_t a = 0, x = 0;
    std::array<uint32_t, 16> memory = {};
    const auto read = [&](uint64_t at, size_t size, uint32_t& out) {
        if (at + size > packet.size())
            return false;
        out = 0;
        for (size_t i = 0; i < size; ++i)
            out = out << 8 | packet[at + i];
        return true;
    };
    for (size_t i = 0;; ++i) {
        const ClassicInstruction& one = program.at(i);
        const uint32_t k = one.k;
        const uint32_t other = BPF_SRC(one.code) == BPF_X ? x : k;
        const size_t size = BPF_SIZE(one.code) == BPF_W ? 4 : BPF_SIZE(one.code) == BPF_H ? 2 : 1;
        switch (BPF_CLASS(one.code)) {
            case BPF_LD:
                if (BPF_MODE(one.code) == BPF_ABS && !read(k, size, a))
                    return false;
                if (BPF_MODE(one.code) == BPF_IND && !read(uint64_t{x} + k, size, a))
                    return false;
                if (BPF_MODE(one.code) == BPF_IMM)
                    a = k;
                if (BPF_MODE(one.code) == BPF_MEM)
                    a = memory.at(k);
                if (BPF_MODE(one.code) == BPF_LEN)
                    a = static_cast<uint32_t>(packet.size());
                break;
            case BPF_LDX:
                if (BPF_MODE(one.code) == BPF_MSH) {
                    if (!read(k, 1, x))
                        return false;
                    x = (x & 0xf) * 4;
                }
                if (BPF_MODE(one.code) == BPF_IMM)
                    x = k;
                if (BPF_MODE(one.code) == BPF_MEM)
                    x = memory.at(k);
                if (BPF_MODE(one.code) == BPF_LEN)
                    x = static_cast<uint32_t>(packet.size());
                break;
            case BPF_ST:
                memory.at(k) = a;
                break;
            case BPF_STX:
                memory.at(k) = x;
                break;
            case BPF_ALU:
                switch (BPF_OP(one.code)) {
                    case BPF_ADD:
                        a += other;
                        break;
                    case BPF_SUB:
                        a -= other;
                        break;
                    case BPF_MUL:
                        a *= other;
                        break;
                    case BPF_DIV:
                        if (other == 0)
                            return false;
                        a /= other;
                        break;
                    case BPF_MOD:
                        if (other == 0)
                            return false;
                        a %= other;
                        break;
                    case BPF_OR:
                        a |= other;
                        break;
                    case BPF_AND:
                        a &= other;
                        break;
                    case BPF_XOR:
                        a ^= other;
                        break;
                    case BPF_LSH:
                        a = other < 32 ? a << other : 0;
                        break;
                    case BPF_RSH:
                        a = other < 32 ? a >> other : 0;
                        break;
                    default:
                        a = -a;
                }
                break;
            case BPF_JMP: {
                bool yes = true;
                if (BPF_OP(one.code) == BPF_JA) {
                    i += k;
                    break;
                }
                if (BPF_OP(one.code) == BPF_JEQ)
                    yes = a == other;
                if (BPF_OP(one.code) == BPF_JGT)
                    yes = a > other;
                if (BPF_OP(one.code) == BPF_JGE)
                    yes = a >= other;
                if (BPF_OP(one.code) == BPF_JSET)
                    yes = (a & other) != 0;
                i += yes ? one.jump_true : one.jump_false;
                break;
            }
            case BPF_RET:
                return (BPF_RVAL(one.code) == BPF_A ? a : k) != 0;
            default:
                if (BPF_MISCOP(one.code) == BPF_TAX)
                    x = a;
                else
                    a = x;
        }
    }
}

const std::vector<std::string> kExpressions = {
    "",
    "tcp",
    "udp dst port 53",
    "icmp[icmptype] == icmp-echo",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "tcp[((tcp[12] & 0xf0) >> 2)] == 0x16",
    "net 10.0.0.0/8 and not port 80",
    "ip6 and udp portrange 1-1023",
    "ip[2:2] - ((ip[0] & 0xf) << 2) > 20",
    "len % 7 == ip[4] / 3",
    "ip[8] * ip[9] ^ 5 >= len << (ip[1] & 63)",
    "ip[ip[9] - ip[8]] == 4 or ip[0xffffff00 + ip[1]] == 0",
    "len / ip[1] > 2 or len % ip[3] == 1",
    "host 10.0.0.1 or ip6 host fe80::1",
    "greater 60 and less 100 and ip multicast",
    "ip proto 47 or ip6 proto 58",
    "-(ip[6]) > 5"};

/// Something like a packet: an IP header that is mostly right, ports and lengths from a small set.
Bytes random_packet(std::mt19937& random) {
    Bytes out(random() % 90);
    for (auto& byte : out)
        byte =
            random() % 3 == 0 ? static_cast<uint8_t>(random()) : static_cast<uint8_t>(random() % 8);
    if (out.size() > 40 && random() % 8 != 0) {
        out[0] = random() % 4 == 0 ? 0x60 : 0x45;
        out[out[0] == 0x60 ? 6 : 9] = std::array<uint8_t, 5>{1, 6, 17, 58, 47}[random() % 5];
        out[12] = 10;
    }
    return out;
}

}  // namespace

TEST_CASE("packet program: the kernel's instructions say what the filter says") {
    std::vector<ClassicProgram> filters;
    for (const auto& text : kExpressions)
        filters.push_back(compiled(text));
    const auto program = make_packet_program(filters, VDT_PACKET_FILTERS, 77);
    REQUIRE(program);
    std::mt19937 random(7);
    std::vector<unsigned> matched(filters.size()), missed(filters.size());
    for (int round = 0; round < 4000; ++round) {
        const Bytes packet = random_packet(random);
        const Left left = Machine(packet).run(*program);
        CHECK(left.slot == VDT_PACKET_FILTERS);
        CHECK(left.goes_on == (left.mask != 0));
        for (size_t i = 0; i < filters.size(); ++i) {
            const bool expected = passes(filters[i], packet);
            INFO(kExpressions[i] << " round " << round);
            REQUIRE((left.mask >> i & 1) == expected);
            ++(expected ? matched : missed)[i];
        }
    }
    for (size_t i = 1; i < filters.size(); ++i) {
        INFO(kExpressions[i]);
        CHECK(matched[i] + missed[i] == 4000);
    }
}

TEST_CASE("packet program: code that nobody reaches is left out") {
    const ClassicProgram none = {{BPF_RET | BPF_K, 0, 0, 0}};
    const ClassicProgram jump = {{BPF_JMP | BPF_JA, 0, 0, 1},
                                 {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                                 {BPF_RET | BPF_K, 0, 0, 1}};
    const std::vector<ClassicProgram> both = {none, jump};
    const auto program = make_packet_program(both, 0, 77);
    REQUIRE(program);
    CHECK(Machine(Bytes{}).run(*program).mask == 2);
    for (const bpf_insn& one : *program)
        CHECK_FALSE((one.code == (BPF_JMP | BPF_CALL) && one.imm == BPF_FUNC_skb_load_bytes));
}

TEST_CASE("packet program: what is no classic program is refused") {
    const ClassicInstruction end = {BPF_RET | BPF_K, 0, 0, 1};
    const std::vector<ClassicProgram> bad = {{},
                                             {{BPF_LD | BPF_IMM, 0, 0, 1}},
                                             {{BPF_JMP | BPF_JA, 0, 0, 1}, end},
                                             {{BPF_JMP | BPF_JA, 0, 0, 0xffffffff}, end},
                                             {{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0}, end},
                                             {{BPF_JMP | BPF_CALL, 0, 0, 0}, end},
                                             {{BPF_ST, 0, 0, 16}, end},
                                             {{BPF_LD | BPF_MEM, 0, 0, 0xffffffff}, end},
                                             {{BPF_LD | BPF_DW | BPF_ABS, 0, 0, 0}, end},
                                             {{BPF_ALU | BPF_DIV | BPF_K, 0, 0, 0}, end},
                                             {{BPF_ALU | BPF_END, 0, 0, 16}, end},
                                             {{BPF_RET | BPF_X, 0, 0, 0}},
                                             {{0xffff, 0, 0, 0}, end}};
    for (const ClassicProgram& one : bad) {
        const auto program = make_packet_program(std::span(&one, 1), 0, 77);
        CHECK_FALSE(program);
    }
    const std::vector<ClassicProgram> many(VDT_PACKET_FILTERS + 1, ClassicProgram{end});
    CHECK_FALSE(make_packet_program(many, 0, 77));
    CHECK(make_packet_program(std::span(many).subspan(1), 0, 77));
}
