// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/trampoline_trial.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <array>
#include <utility>

#include "common/os/fd.h"
#include "system-probe/ebpf/libbpf_log.h"

namespace vedette::probe {
namespace {

/// return 0;
constexpr std::array<bpf_insn, 2> kNothing{{
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
}};

/// typedef void (*btf_trace_NAME)(void *, ...), one for each tracepoint.
constexpr std::string_view kTracepointType = "btf_trace_";
constexpr std::string_view kFilesystem = "filesystem:";
/// "ADDRESS TYPE NAME\n", then those of modules. Names are there for everybody.
constexpr const char* kSymbols = "/proc/kallsyms";
constexpr size_t kMaxSymbols = 64 << 20;

/// /proc/filesystems: "nodev\tNAME\n" or "\tNAME\n".
std::string check_filesystem(std::string_view name) {
    constexpr size_t kMaxBytes = 65536;
    const auto known = read_file("/proc/filesystems", kMaxBytes);
    if (!known || known->find(fmt::format("\t{}\n", name)) != std::string::npos)
        return {};
    return fmt::format("this kernel has no {}, or it is switched off", name);
}

unsigned count_parameters(const btf& types, int function) {
    const btf_type* type = btf__type_by_id(&types, static_cast<uint32_t>(function));
    const btf_type* prototype = type == nullptr ? nullptr : btf__type_by_id(&types, type->type);
    return prototype == nullptr ? 0 : btf_vlen(prototype);
}

}  // namespace

TrampolineTrial::TrampolineTrial(const HostFacts& facts) : facts_(facts) {}

TrampolineTrial::~TrampolineTrial() {
    btf__free(kernel_types_);
}

const std::string& TrampolineTrial::refusal(std::string_view function, unsigned parameters,
                                            CallPlace call) {
    std::pair question(std::string(function), parameters);
    const auto known = answers_.find(question);
    if (known != answers_.end())
        return known->second;
    std::string answer = ask(question.first, parameters, call);
    return answers_.emplace(std::move(question), std::move(answer)).first->second;
}

bool TrampolineTrial::is_function(std::string_view function) {
    return !function.starts_with(kTracepointType) && !function.starts_with(kFilesystem);
}

std::string TrampolineTrial::ask(const std::string& function, unsigned parameters, CallPlace call) {
    if (function.starts_with(kFilesystem))
        return check_filesystem(std::string_view(function).substr(kFilesystem.size()));
    const LibbpfLog quiet;
    if (types() == nullptr)
        return explain_bpf_error(errno, BpfStep::kLoadProgram, facts_);
    if (function.starts_with(kTracepointType))
        return check_tracepoint(function, parameters);
    const int id = btf__find_by_name_kind(kernel_types_, function.c_str(), BTF_KIND_FUNC);
    if (id < 0)
        return fmt::format("kernel {} has no function {}", facts_.kernel, function);
    if (const unsigned found = count_parameters(*kernel_types_, id); found != parameters)
        return fmt::format("kernel {} has {} with {} parameters, not {}", facts_.kernel, function,
                           found, parameters);

    if (call != CallPlace::kNone && !attaches_again())
        return fmt::format("kernel {} may not run a trampoline that is attached again",
                           facts_.kernel);

    LIBBPF_OPTS(bpf_prog_load_opts, options);
    options.expected_attach_type = BPF_TRACE_FENTRY;
    options.attach_btf_id = static_cast<uint32_t>(id);
    const UniqueFd program(bpf_prog_load(BPF_PROG_TYPE_TRACING, "vdt_trial", "GPL", kNothing.data(),
                                         kNothing.size(), &options));
    if (!program)
        return explain_bpf_error(errno, BpfStep::kTrampoline, facts_);
    // Detaching takes a tenth of a second on many kernels, and there are many of these, all alike.
    if (call == CallPlace::kItself && std::exchange(tried_call_, true))
        return {};
    const UniqueFd link(bpf_raw_tracepoint_open(nullptr, program.get()));
    return link ? "" : explain_bpf_error(errno, BpfStep::kTrampoline, facts_);
}

/// The helper bpf_task_pt_regs() came with 5.15.
bool TrampolineTrial::attaches_again() {
    constexpr unsigned kTaskPtRegs = 175;
    const int id =
        types() == nullptr ? -1 : btf__find_by_name_kind(types(), "bpf_func_id", BTF_KIND_ENUM);
    return id >= 0 && btf_vlen(btf__type_by_id(types(), static_cast<uint32_t>(id))) > kTaskPtRegs;
}

btf* TrampolineTrial::types() {
    if (kernel_types_ == nullptr)
        kernel_types_ = btf__load_vmlinux_btf();
    return kernel_types_;
}

bool TrampolineTrial::has_function(const std::string& function) {
    const LibbpfLog quiet;
    if (types() == nullptr || btf__find_by_name_kind(types(), function.c_str(), BTF_KIND_FUNC) >= 0)
        return true;
    if (symbols_.empty())
        symbols_ = read_file(kSymbols, kMaxSymbols).value_or(std::string());
    return symbols_.empty() || symbols_.find(fmt::format(" {}\n", function)) != std::string::npos;
}

std::string TrampolineTrial::check_tracepoint(const std::string& type, unsigned parameters) {
    const std::string name = type.substr(kTracepointType.size());
    const int id = btf__find_by_name_kind(kernel_types_, type.c_str(), BTF_KIND_TYPEDEF);
    if (id < 0)
        return fmt::format("kernel {} has no tracepoint {}", facts_.kernel, name);
    // The typedef names a pointer, and the pointer the prototype.
    const int pointer =
        static_cast<int>(btf__type_by_id(kernel_types_, static_cast<uint32_t>(id))->type);
    if (const unsigned found = count_parameters(*kernel_types_, pointer); found != parameters)
        return fmt::format("kernel {} has tracepoint {} with {} parameters, not {}", facts_.kernel,
                           name, found, parameters);
    return {};
}

}  // namespace vedette::probe
