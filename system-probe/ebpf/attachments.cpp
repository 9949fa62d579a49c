// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/attachments.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/os/fd.h"
#include "system-probe/ebpf/hook_table.h"
#include "system-probe/ebpf/object_parts.h"

namespace vedette::probe {
namespace {

/// Where systemd mounts the version 2 hierarchy: beside the others on a hybrid host.
std::string cgroup2_root() {
    constexpr const char* kUnified = "/sys/fs/cgroup/unified";
    return ::access(kUnified, F_OK) == 0 ? kUnified : "/sys/fs/cgroup";
}

/// The root's kernfs id on every kernel. In a cgroup namespace (a container) the top directory is another one.
constexpr ino_t kRootCgroup = 1;

}  // namespace

std::string_view next_to_detach(std::span<const AttachedProgram> attached,
                                const std::vector<std::string>& wanted, bool trampolines) {
    const auto goes = [&](const AttachedProgram& program) {
        return (trampolines || !program.trampoline) &&
               std::ranges::find(wanted, program.name) == wanted.end();
    };
    for (const HookProgram& dispatcher : kSysEnterExit) {
        const auto found = std::ranges::find(attached, dispatcher.name, &AttachedProgram::name);
        if (found != attached.end() && goes(*found))
            return found->name;
    }
    const auto other = std::ranges::find_if(attached, goes);
    return other == attached.end() ? std::string_view() : other->name;
}

void BpfLinkDestroy::operator()(bpf_link* link) const {
    bpf_link__destroy(link);
}

bool Attachments::attach(std::string_view name) {
    if (links_.contains(name))
        return true;
    bpf_program* program = programs_->find_program(name);
    errno = ENOENT;
    BpfLink link(program == nullptr ? nullptr : attach_new(program));
    if (!link)
        return false;
    links_.emplace(name, std::move(link));
    return true;
}

bool Attachments::is_trampoline(const std::string& program) const {
    const bpf_attach_type type =
        bpf_program__expected_attach_type(programs_->find_program(program));
    return type == BPF_TRACE_FENTRY || type == BPF_TRACE_FEXIT;
}

bool Attachments::detach_one_but(const std::vector<std::string>& programs, bool trampolines) {
    std::vector<AttachedProgram> attached;
    for (const auto& [name, link] : links_)
        attached.push_back({name, is_trampoline(name)});
    const auto next = links_.find(next_to_detach(attached, programs, trampolines));
    if (next == links_.end())
        return false;
    links_.erase(next);
    return true;
}

const bpf_link* Attachments::find(std::string_view program) const {
    const auto found = links_.find(program);
    return found == links_.end() ? nullptr : found->second.get();
}

/// Programs of section cgroup/... and cgroup_skb/... see the whole host from the root of the hierarchy, and from
/// nowhere else.
bpf_link* Attachments::attach_new(bpf_program* program) const {
    if (bpf_program__name(program) == kCapabilitiesProgram)
        return attach_to_map(program, "asked_caps");
    if (!std::string_view(bpf_program__section_name(program)).starts_with("cgroup"))
        return bpf_program__attach(program);
    const UniqueFd root(::open(cgroup2_root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat status{};
    if (!root || ::fstat(root.get(), &status) != 0)
        return nullptr;
    if (status.st_ino != kRootCgroup) {
        errno = EXDEV;
        return nullptr;
    }
    return bpf_program__attach_cgroup(program, root.get());
}

bpf_link* Attachments::attach_to_map(bpf_program* program, const char* map) const {
    bpf_iter_link_info info{};
    info.map.map_fd = static_cast<uint32_t>(programs_->map_fd(map));
    LIBBPF_OPTS(bpf_iter_attach_opts, options);
    options.link_info = &info;
    options.link_info_len = sizeof info;
    return bpf_program__attach_iter(program, &options);
}

}  // namespace vedette::probe
