// SPDX-License-Identifier: Apache-2.0
//
// Which programs of a loaded object are attached: by name, each where it belongs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct bpf_program;
struct bpf_link;

namespace vedette::probe {

class ObjectParts;

struct BpfLinkDestroy {
    void operator()(bpf_link* link) const;
};
using BpfLink = std::unique_ptr<bpf_link, BpfLinkDestroy>;

struct AttachedProgram {
    std::string_view name;
    bool trampoline;
};

/// Of `attached`, what goes next until only `wanted` is left: what every system call pays for goes first. Empty: nothing.
/// `trampolines`: they go as well.
std::string_view next_to_detach(std::span<const AttachedProgram> attached,
                                const std::vector<std::string>& wanted, bool trampolines);

/// Lives on one thread at a time, which has CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN. The programs must outlive it.
class Attachments {
   public:
    explicit Attachments(const ObjectParts& programs) : programs_(&programs) {}

    /// True, also when it is attached already; else errno says why, EXDEV when the directory of cgroups here is not the
    /// host's root.
    bool attach(std::string_view program);
    /// Detaches one of the others, see next_to_detach(); false: there is none. The kernel may take a tenth of a second.
    bool detach_one_but(const std::vector<std::string>& programs, bool trampolines);
    /// nullptr: not attached.
    const bpf_link* find(std::string_view program) const;

   private:
    bool is_trampoline(const std::string& program) const;
    bpf_link* attach_new(bpf_program* program) const;
    bpf_link* attach_to_map(bpf_program* program, const char* map) const;

    const ObjectParts* programs_;
    std::map<std::string, BpfLink, std::less<>> links_;
};

}  // namespace vedette::probe
