// SPDX-License-Identifier: Apache-2.0
//
// Does this kernel take a program on entry of that function? Found out by loading and attaching one that does nothing,
// so that the real object is loaded once and with nothing in it that must fail.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "system-probe/ebpf/bpf_error.h"
#include "system-probe/ebpf/hook_table.h"

struct btf;

namespace vedette::probe {

class TrampolineTrial {
   public:
    explicit TrampolineTrial(const HostFacts& facts);
    ~TrampolineTrial();

    /// Empty: it attaches (of functions that are a system call the first is tried, the others only load), or it is the type
    /// of a tracepoint (btf_trace_NAME) with this many parameters, or a file system (filesystem:NAME) that the kernel has.
    /// Else the reason it does not: among others, that the function has not this many parameters, so that the program would
    /// read wrong ones. The kernel is asked once a function.
    const std::string& refusal(std::string_view function, unsigned parameters,
                               CallPlace call = CallPlace::kNone);

    /// Whether a trampoline that was detached runs once it is attached again. On 5.10 it was found not to.
    bool attaches_again();

    /// Whether the kernel has such a function at all, which its BTF may not tell. Where that cannot be known: true.
    bool has_function(const std::string& function);

    /// Whether `function` names a function, and neither of the other two.
    static bool is_function(std::string_view function);

   private:
    btf* types();
    std::string ask(const std::string& function, unsigned parameters, CallPlace call);
    std::string check_tracepoint(const std::string& type, unsigned parameters);

    const HostFacts& facts_;
    btf* kernel_types_ = nullptr;
    std::string symbols_;      ///< /proc/kallsyms, read when the BTF lacks a function
    bool tried_call_ = false;  ///< to attach to the function of a system call
    std::map<std::pair<std::string, unsigned>, std::string> answers_;
};

}  // namespace vedette::probe
