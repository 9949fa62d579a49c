// SPDX-License-Identifier: Apache-2.0
//
// check_bpf_usable(): the host's facts first, because they name the cause; then one map and one program for real.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <array>

#include "common/os/fd.h"
#include "system-probe/ebpf/bpf_error.h"
#include "system-probe/ebpf/kernel_source.h"
#include "system-probe/ebpf/libbpf_log.h"

namespace vedette::probe {
namespace {

constexpr bpf_insn insn(int code, uint8_t to, uint8_t from, int32_t imm) {
    return {.code = static_cast<uint8_t>(code),
            .dst_reg = static_cast<uint8_t>(to & 0xf),
            .src_reg = static_cast<uint8_t>(from & 0xf),
            .off = 0,
            .imm = imm};
}

/// Reads 8 bytes of kernel memory at address 0 (and so fails harmlessly): the helper is what lockdown takes away.
constexpr std::array kReadKernel{
    insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_10, 0),
    insn(BPF_ALU64 | BPF_ADD, BPF_REG_1, 0, -8),
    insn(BPF_ALU64 | BPF_MOV, BPF_REG_2, 0, 8),
    insn(BPF_ALU64 | BPF_MOV, BPF_REG_3, 0, 0),
    insn(BPF_JMP | BPF_CALL, 0, 0, BPF_FUNC_probe_read_kernel),
    insn(BPF_ALU64 | BPF_MOV, BPF_REG_0, 0, 0),
    insn(BPF_JMP | BPF_EXIT, 0, 0, 0),
};

tl::unexpected<Error> refused(int err, BpfStep step, const HostFacts& facts) {
    const auto code = err == EPERM || err == EACCES ? ErrorCode::kDenied : ErrorCode::kUnsupported;
    return tl::unexpected<Error>(Error{code, err, explain_bpf_error(err, step, facts)});
}

}  // namespace

Result<> check_bpf_usable() {
    const LibbpfLog quiet;
    const HostFacts facts = read_host_facts();
    if (std::string reason = explain_host(facts); !reason.empty())
        return fail(facts.btf ? ErrorCode::kDenied : ErrorCode::kUnsupported, "{}", reason);

    const auto page = static_cast<uint32_t>(sysconf(_SC_PAGESIZE));
    const UniqueFd ring(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "vdt_trial", 0, 0, page, nullptr));
    if (!ring)
        return refused(errno, BpfStep::kCreateMap, facts);
    const UniqueFd program(bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "vdt_trial", "GPL",
                                         kReadKernel.data(), kReadKernel.size(), nullptr));
    if (!program)
        return refused(errno, BpfStep::kLoadProgram, facts);
    return {};
}

}  // namespace vedette::probe
