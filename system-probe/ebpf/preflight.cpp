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

/// Reads kernel memory at address 0 (and so fails harmlessly): the helper is what lockdown takes away.
constexpr std::array<bpf_insn, 7> kReadKernel{{
    {.code = BPF_ALU64 | BPF_MOV | BPF_X,
     .dst_reg = BPF_REG_1,
     .src_reg = BPF_REG_10,
     .off = 0,
     .imm = 0},
    {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .src_reg = 0, .off = 0, .imm = -8},
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .src_reg = 0, .off = 0, .imm = 8},
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_CALL,
     .dst_reg = 0,
     .src_reg = 0,
     .off = 0,
     .imm = BPF_FUNC_probe_read_kernel},
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
}};

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
