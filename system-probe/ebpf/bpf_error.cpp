// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/bpf_error.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "common/os/fd.h"
#include "common/os/host.h"

namespace vedette::probe {
namespace {

// linux/capability.h of Debian 12 has both; older user-space headers do not.
constexpr unsigned kCapPerfmon = 38;
constexpr unsigned kCapBpf = 39;
constexpr size_t kMaxBytes = 64 * 1024;
constexpr const char* kBtfPath = "/sys/kernel/btf/vmlinux";

bool has(const HostFacts& facts, unsigned capability) {
    return (facts.capabilities >> capability & 1) != 0;
}

/// The value behind "Name:" in /proc/self/status; empty when it is not there.
std::string_view status_value(std::string_view status, std::string_view name) {
    const size_t at = status.find("\n" + std::string(name) + ":");
    if (at == std::string_view::npos)
        return {};
    std::string_view rest = status.substr(at + name.size() + 2);
    rest = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    return rest;
}

/// "none [integrity] confidentiality" -> "integrity".
std::string chosen_word(std::string_view text) {
    const size_t begin = text.find('[');
    const size_t end = text.find(']');
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
        return "none";
    return std::string(text.substr(begin + 1, end - begin - 1));
}

/// A command that no kernel knows is EINVAL to whoever may call bpf(2) at all: a filter that lets it through (as that of
/// our unit does) is not what refused something.
bool bpf_refused() {
    constexpr int kNoCommand = 0x7fff;
    return syscall(SYS_bpf, kNoCommand, nullptr, 0) != 0 && errno != EINVAL;
}

/// As strerror(), which is not thread-safe.
std::string error_name(int err) {
    const char* text = strerrordesc_np(err);
    return text != nullptr ? text : fmt::format("error {}", err);
}

std::string missing_capabilities(const HostFacts& facts) {
    if (has(facts, CAP_SYS_ADMIN))
        return {};
    std::string missing;
    if (!has(facts, kCapBpf))
        missing = "CAP_BPF";
    if (!has(facts, kCapPerfmon))
        missing += missing.empty() ? "CAP_PERFMON" : " and CAP_PERFMON";
    return missing;
}

std::string explain_denied(BpfStep step, const HostFacts& facts) {
    if (std::string reason = explain_host(facts); !reason.empty())
        return reason;
    if (facts.seccomp)
        return "a seccomp filter of this process refuses bpf(2): allow it in the container's "
               "seccomp "
               "profile (bpf, perf_event_open) or run the container privileged";
    if (step == BpfStep::kTrampoline)
        return fmt::format("kernel {} refuses BPF trampolines (fentry, fexit)", facts.kernel);
    if (step == BpfStep::kAttach)
        return fmt::format("kernel {} refuses to attach it although it loads", facts.kernel);
    if (step == BpfStep::kLoadProgram && !has(facts, CAP_NET_ADMIN) && !has(facts, CAP_SYS_ADMIN))
        return "CAP_NET_ADMIN missing, which programs that see sockets and packets need: run it as "
               "root (sudo), or give the container this capability";
    if (step == BpfStep::kCreateMap)
        return "the kernel refuses BPF maps although the capabilities are there: on kernels before "
               "5.11 "
               "raise the limit of locked memory (ulimit -l unlimited, LimitMEMLOCK=infinity); "
               "otherwise a security module forbids it";
    return "the kernel refuses BPF programs although the capabilities are there: a security module "
           "(AppArmor, SELinux, BPF LSM) forbids it; see the kernel log and the audit log";
}

}  // namespace

HostFacts read_host_facts(const std::string& root) {
    HostFacts facts;
    facts.kernel = kernel_info().release;
    if (auto status = read_file(root + "/proc/self/status", kMaxBytes)) {
        facts.capabilities =
            std::strtoull(std::string(status_value(*status, "CapEff")).c_str(), nullptr, 16);
        facts.seccomp = status_value(*status, "Seccomp") == "2" && (!root.empty() || bpf_refused());
    }
    // The initial namespace maps every id onto itself: "0 0 4294967295".
    if (auto map = read_file(root + "/proc/self/uid_map", kMaxBytes))
        facts.initial_user_ns = map->find("4294967295") != std::string::npos;
    if (auto lockdown = read_file(root + "/sys/kernel/security/lockdown", kMaxBytes))
        facts.lockdown = chosen_word(*lockdown);
    facts.btf = access((root + kBtfPath).c_str(), F_OK) == 0;
    return facts;
}

std::string explain_host(const HostFacts& facts) {
    if (const std::string missing = missing_capabilities(facts); !missing.empty())
        return fmt::format(
            "{} missing: run it as root (sudo), or give the container these capabilities or "
            "`privileged: true`",
            missing);
    if (!facts.initial_user_ns)
        return "this is a user namespace, where capabilities do not reach BPF (rootless "
               "container): run it "
               "in the host's user namespace";
    if (!facts.btf)
        return fmt::format(
            "kernel {} has no type information ({}): use a kernel built with "
            "CONFIG_DEBUG_INFO_BTF=y, "
            "as distributions' kernels from 5.8 on are; in a container, mount the host's /sys "
            "read-only",
            facts.kernel, kBtfPath);
    if (facts.lockdown == "confidentiality")
        return "the kernel is locked down for confidentiality, so BPF may not read kernel memory: "
               "boot with "
               "lockdown=integrity or none";
    return {};
}

std::string explain_bpf_error(int err, BpfStep step, const HostFacts& facts) {
    if (err == EACCES && step == BpfStep::kLoadProgram)
        return fmt::format("the verifier of kernel {} refuses the program; please report this",
                           facts.kernel);
    if (err == EPERM || err == EACCES)
        return explain_denied(step, facts);
    if (err == ENOSYS)
        return "this kernel was built without the bpf() system call (CONFIG_BPF_SYSCALL)";
    if (err == ENOMEM || err == E2BIG)
        return fmt::format(
            "the kernel has no memory for it ({}): choose a smaller "
            "system_probe_config.ring_buffer_size or raise the memory limit",
            error_name(err));
    if (err == EINVAL && step == BpfStep::kCreateMap)
        return fmt::format("kernel {} has no BPF ring buffer: 5.8 or newer is needed",
                           facts.kernel);
    if (err == EINVAL && step == BpfStep::kLoadProgram) {
        if (std::string reason = explain_host(facts); !reason.empty())
            return reason;
        return fmt::format("kernel {} does not take the program: 5.8 or newer is needed",
                           facts.kernel);
    }
    if (err == ENOENT || err == ESRCH)
        return fmt::format("kernel {} does not have that hook", facts.kernel);
    if (err == EOPNOTSUPP || err == 524 /* ENOTSUPP, the kernel's own */)
        return step == BpfStep::kTrampoline
                   ? fmt::format("kernel {} has no BPF trampolines (fentry, fexit)", facts.kernel)
                   : fmt::format("kernel {} does not support that kind of hook", facts.kernel);
    return error_name(err);
}

}  // namespace vedette::probe
