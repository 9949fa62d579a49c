// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/packet_program.h"

#include <linux/bpf.h>
#include <linux/filter.h>

#include <cstddef>
#include <limits>

#include "bpf/abi/programs.h"

namespace vedette::probe {
namespace {

// Registers. Those from 6 on survive a call.
constexpr uint8_t kResult = 0, kFirst = 1, kSecond = 2, kThird = 3, kFourth = 4;
constexpr uint8_t kPacket = 6, kA = 7, kX = 8, kPassed = 9, kStack = 10;

// The stack: a word that was read from the packet, and below it the scratch memory M[].
constexpr int16_t kWord = -8;
constexpr int16_t kMemory = -72;
constexpr uint32_t kMemoryWords = BPF_MEMWORDS;

constexpr uint8_t kMove32 = BPF_ALU | BPF_MOV;
constexpr int16_t kUnset = 0;

bpf_insn instruction(unsigned code, uint8_t to, uint8_t from, int16_t offset, uint32_t value) {
    bpf_insn out{};
    out.code = static_cast<__u8>(code);
    out.dst_reg = to & 0xf;
    out.src_reg = from & 0xf;
    out.off = offset;
    out.imm = static_cast<int32_t>(value);
    return out;
}

int16_t memory_slot(uint32_t k) {
    return static_cast<int16_t>(kMemory + 4 * static_cast<int>(k));
}

/// One filter, into a program that others have begun.
class Translator {
   public:
    Translator(const ClassicProgram& filter, uint32_t bit, std::vector<bpf_insn>& out)
        : filter_(filter), bit_(bit), out_(out), begins_(filter.size() + 2) {}

    Result<> run() {
        emit(kMove32 | BPF_K, kA);
        emit(kMove32 | BPF_K, kX);
        // The verifier wants what is read to be written first.
        for (uint32_t i = 0; i < kMemoryWords; i += 2)
            emit(BPF_ST | BPF_MEM | BPF_DW, kStack, 0, memory_slot(i));
        // The verifier refuses code that cannot be reached.
        std::vector<bool> reached(filter_.size() + 2, false);
        reached[0] = true;
        for (at_ = 0; at_ < filter_.size(); ++at_) {
            if (!reached[at_])
                continue;
            begins_[at_] = out_.size();
            const size_t first_jump = jumps_.size();
            if (!translate(filter_[at_]))
                return fail(ErrorCode::kInvalid, "instruction {} of a packet filter is none", at_);
            for (size_t i = first_jump; i < jumps_.size(); ++i)
                reached[jumps_[i].target] = true;
            if (goes_on(filter_[at_]))
                reached[at_ + 1] = true;
        }
        begins_[accept()] = out_.size();
        if (reached[accept()])
            emit(BPF_ALU | BPF_OR | BPF_K, kPassed, 0, 0, 1U << bit_);
        begins_[reject()] = out_.size();
        return resolve();
    }

   private:
    struct Jump {
        size_t at;
        size_t target;
    };

    /// Jumps and returns say themselves where they go.
    static bool goes_on(const ClassicInstruction& one) {
        return BPF_CLASS(one.code) != BPF_JMP && BPF_CLASS(one.code) != BPF_RET;
    }

    size_t accept() const { return filter_.size(); }
    size_t reject() const { return filter_.size() + 1; }

    void emit(unsigned code, uint8_t to, uint8_t from = 0, int16_t offset = 0, uint32_t value = 0) {
        out_.push_back(instruction(code, to, from, offset, value));
    }

    void jump(unsigned code, uint8_t left, uint8_t right, uint32_t value, size_t target) {
        jumps_.push_back({out_.size(), target});
        emit(code, left, right, kUnset, value);
    }

    void go(size_t target) { jump(BPF_JMP | BPF_JA, 0, 0, 0, target); }

    Result<> resolve() {
        for (const Jump& jump : jumps_) {
            const auto distance =
                static_cast<ptrdiff_t>(begins_[jump.target]) - static_cast<ptrdiff_t>(jump.at) - 1;
            if (distance > std::numeric_limits<int16_t>::max())
                return fail(ErrorCode::kLimit, "a packet filter jumps too far");
            out_[jump.at].off = static_cast<int16_t>(distance);
        }
        return {};
    }

    /// A position that jumps may go to; classic jumps only go forward.
    bool is_target(uint64_t position) const { return position < filter_.size(); }

    bool translate(const ClassicInstruction& one) {
        switch (BPF_CLASS(one.code)) {
            case BPF_LD:
                return load_a(one);
            case BPF_LDX:
                return load_x(one);
            case BPF_ST:
                return store(one, kA);
            case BPF_STX:
                return store(one, kX);
            case BPF_ALU:
                return compute(one);
            case BPF_JMP:
                return branch(one);
            case BPF_RET:
                return end(one);
            default:
                return move(one);
        }
    }

    /// `size` bytes of the packet, from where kSecond says, to A or X in host byte order.
    void read_packet(uint8_t to, unsigned size) {
        const unsigned bytes = size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
        emit(BPF_ALU64 | BPF_MOV | BPF_X, kFirst, kPacket);
        emit(BPF_ALU64 | BPF_MOV | BPF_X, kThird, kStack);
        emit(BPF_ALU64 | BPF_ADD | BPF_K, kThird, 0, 0, static_cast<uint32_t>(kWord));
        emit(kMove32 | BPF_K, kFourth, 0, 0, bytes);
        emit(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_load_bytes);
        jump(BPF_JMP | BPF_JNE | BPF_K, kResult, 0, 0, reject());
        emit(BPF_LDX | BPF_MEM | size, to, kStack, kWord);
        if (bytes > 1)
            emit(BPF_ALU | BPF_END | BPF_TO_BE, to, 0, 0, bytes * 8);
    }

    bool load_a(const ClassicInstruction& one) {
        const unsigned size = BPF_SIZE(one.code);
        switch (BPF_MODE(one.code)) {
            case BPF_IMM:
                emit(kMove32 | BPF_K, kA, 0, 0, one.k);
                return size == BPF_W;
            case BPF_ABS:
                emit(kMove32 | BPF_K, kSecond, 0, 0, one.k);
                break;
            case BPF_IND:
                emit(kMove32 | BPF_X, kSecond, kX);
                emit(BPF_ALU | BPF_ADD | BPF_K, kSecond, 0, 0, one.k);
                // A sum that went round is beyond the packet, not at its beginning.
                jump(BPF_JMP32 | BPF_JLT | BPF_X, kSecond, kX, 0, reject());
                break;
            case BPF_MEM:
                if (size != BPF_W || one.k >= kMemoryWords)
                    return false;
                emit(BPF_LDX | BPF_MEM | BPF_W, kA, kStack, memory_slot(one.k));
                return true;
            case BPF_LEN:
                emit(BPF_LDX | BPF_MEM | BPF_W, kA, kPacket, offsetof(__sk_buff, len));
                return size == BPF_W;
            default:
                return false;
        }
        read_packet(kA, size);
        return size == BPF_W || size == BPF_H || size == BPF_B;
    }

    bool load_x(const ClassicInstruction& one) {
        switch (one.code) {
            case BPF_LDX | BPF_W | BPF_IMM:
                emit(kMove32 | BPF_K, kX, 0, 0, one.k);
                return true;
            case BPF_LDX | BPF_W | BPF_MEM:
                if (one.k >= kMemoryWords)
                    return false;
                emit(BPF_LDX | BPF_MEM | BPF_W, kX, kStack, memory_slot(one.k));
                return true;
            case BPF_LDX | BPF_W | BPF_LEN:
                emit(BPF_LDX | BPF_MEM | BPF_W, kX, kPacket, offsetof(__sk_buff, len));
                return true;
            case BPF_LDX | BPF_B | BPF_MSH:  // length of an IPv4 header
                emit(kMove32 | BPF_K, kSecond, 0, 0, one.k);
                read_packet(kX, BPF_B);
                emit(BPF_ALU | BPF_AND | BPF_K, kX, 0, 0, 0xf);
                emit(BPF_ALU | BPF_LSH | BPF_K, kX, 0, 0, 2);
                return true;
            default:
                return false;
        }
    }

    bool store(const ClassicInstruction& one, uint8_t from) {
        if (one.k >= kMemoryWords)
            return false;
        emit(BPF_STX | BPF_MEM | BPF_W, kStack, from, memory_slot(one.k));
        return true;
    }

    bool compute(const ClassicInstruction& one) {
        const unsigned op = BPF_OP(one.code);
        const bool by_x = BPF_SRC(one.code) == BPF_X;
        switch (op) {
            case BPF_NEG:
                emit(BPF_ALU | BPF_NEG, kA);
                return true;
            case BPF_DIV:
            case BPF_MOD:
                if (by_x)
                    jump(BPF_JMP32 | BPF_JEQ | BPF_K, kX, 0, 0, reject());
                else if (one.k == 0)
                    return false;
                break;
            case BPF_LSH:
            case BPF_RSH:
                return shift(one, op, by_x);
            case BPF_ADD:
            case BPF_SUB:
            case BPF_MUL:
            case BPF_OR:
            case BPF_AND:
            case BPF_XOR:
                break;
            default:
                return false;
        }
        apply(op, by_x, one.k);
        return true;
    }

    void apply(unsigned op, bool by_x, uint32_t k) {
        if (by_x)
            emit(BPF_ALU | op | BPF_X, kA, kX);
        else
            emit(BPF_ALU | op | BPF_K, kA, 0, 0, k);
    }

    /// By 32 or more nothing is left; the kernel's instruction takes such a shift modulo 32.
    bool shift(const ClassicInstruction& one, unsigned op, bool by_x) {
        if (!by_x) {
            if (one.k < 32)
                apply(op, false, one.k);
            else
                emit(kMove32 | BPF_K, kA);
            return true;
        }
        emit(BPF_JMP32 | BPF_JLT | BPF_K, kX, 0, 1, 32);
        emit(kMove32 | BPF_K, kA);
        // Of what is 0 by now every shift is.
        apply(op, true, 0);
        return true;
    }

    bool branch(const ClassicInstruction& one) {
        const unsigned op = BPF_OP(one.code);
        if (op == BPF_JA) {
            if (!is_target(uint64_t{at_} + 1 + one.k))
                return false;
            go(at_ + 1 + one.k);
            return true;
        }
        const size_t yes = at_ + 1 + one.jump_true;
        const size_t no = at_ + 1 + one.jump_false;
        if ((op != BPF_JEQ && op != BPF_JGT && op != BPF_JGE && op != BPF_JSET) ||
            !is_target(yes) || !is_target(no))
            return false;
        if (BPF_SRC(one.code) == BPF_X)
            jump(BPF_JMP32 | op | BPF_X, kA, kX, 0, yes);
        else
            jump(BPF_JMP32 | op | BPF_K, kA, 0, one.k, yes);
        go(no);
        return true;
    }

    bool end(const ClassicInstruction& one) {
        switch (BPF_RVAL(one.code)) {
            case BPF_K:
                go(one.k != 0 ? accept() : reject());
                return true;
            case BPF_A:
                jump(BPF_JMP32 | BPF_JNE | BPF_K, kA, 0, 0, accept());
                go(reject());
                return true;
            default:
                return false;
        }
    }

    bool move(const ClassicInstruction& one) {
        switch (BPF_MISCOP(one.code)) {
            case BPF_TAX:
                emit(kMove32 | BPF_X, kX, kA);
                return true;
            case BPF_TXA:
                emit(kMove32 | BPF_X, kA, kX);
                return true;
            default:
                return false;
        }
    }

    const ClassicProgram& filter_;
    uint32_t bit_;
    std::vector<bpf_insn>& out_;
    std::vector<size_t> begins_;  ///< of each instruction, then of accept and reject
    std::vector<Jump> jumps_;
    size_t at_ = 0;
};

bool ends_in_return(const ClassicProgram& filter) {
    return !filter.empty() && BPF_CLASS(filter.back().code) == BPF_RET;
}

int16_t cb(size_t index) {
    return static_cast<int16_t>(offsetof(__sk_buff, cb) + index * sizeof(__u32));
}

}  // namespace

Result<std::vector<bpf_insn>> make_packet_program(std::span<const ClassicProgram> filters,
                                                  uint32_t first_slot, int steps_fd) {
    if (filters.size() > VDT_PACKET_FILTERS)
        return fail(ErrorCode::kLimit, "more than {} packet filters", VDT_PACKET_FILTERS);
    std::vector<bpf_insn> out;
    out.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, kPacket, kFirst, 0, 0));
    out.push_back(instruction(kMove32 | BPF_K, kPassed, 0, 0, 0));
    uint32_t bit = 0;
    for (const ClassicProgram& filter : filters) {
        if (!ends_in_return(filter))
            return fail(ErrorCode::kInvalid, "a packet filter without an end");
        if (auto done = Translator(filter, bit++, out).run(); !done)
            return forward_error(done);
    }
    out.push_back(instruction(BPF_STX | BPF_MEM | BPF_W, kPacket, kPassed, cb(0), 0));
    out.push_back(instruction(kMove32 | BPF_K, kSecond, 0, 0, first_slot));
    out.push_back(instruction(BPF_STX | BPF_MEM | BPF_W, kPacket, kSecond, cb(1), 0));
    constexpr int16_t kToEnd = 5;
    out.push_back(instruction(BPF_JMP32 | BPF_JEQ | BPF_K, kPassed, 0, kToEnd, 0));
    out.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, kFirst, kPacket, 0, 0));
    out.push_back(instruction(BPF_LD | BPF_DW | BPF_IMM, kSecond, BPF_PSEUDO_MAP_FD, 0,
                              static_cast<uint32_t>(steps_fd)));
    out.push_back(instruction(0, 0, 0, 0, 0));
    out.push_back(instruction(kMove32 | BPF_K, kThird, 0, 0, VDT_STEP_REPORT));
    out.push_back(instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_tail_call));
    out.push_back(instruction(kMove32 | BPF_K, kResult, 0, 0, 1));  // the packet passes
    out.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
    return out;
}

}  // namespace vedette::probe
