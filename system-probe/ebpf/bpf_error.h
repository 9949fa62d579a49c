// SPDX-License-Identifier: Apache-2.0
//
// Why the kernel said no. bpf(2) answers EPERM for a dozen reasons and libbpf guesses at one ("raise ulimit -l");
// this looks at the host and names the cause and the fix.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace vedette::probe {

/// What decides whether BPF may be loaded here.
struct HostFacts {
    uint64_t capabilities = 0;      ///< effective set
    bool initial_user_ns = true;    ///< capabilities count in the initial user namespace only
    bool seccomp = false;           ///< a filter is installed on this process
    bool btf = true;                ///< /sys/kernel/btf/vmlinux is there
    std::string lockdown = "none";  ///< none, integrity, confidentiality
    std::string kernel;             ///< uname -r
};

/// `root`: where proc and sys are found; "" for this host, a directory in tests.
HostFacts read_host_facts(const std::string& root = "");

/// kTrampoline: loading or attaching an fentry or fexit program, when others are known to load.
enum class BpfStep : uint8_t { kCreateMap, kLoadProgram, kAttach, kTrampoline };

/// One sentence: the cause, as far as the facts tell it, and what to do.
std::string explain_bpf_error(int err, BpfStep step, const HostFacts& facts);

/// The same for facts alone, before anything was tried. Empty: nothing speaks against it.
std::string explain_host(const HostFacts& facts);

}  // namespace vedette::probe
