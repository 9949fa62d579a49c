// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/process_node.h"

#include "system-probe/resolvers/event_files.h"
#include "system-probe/resolvers/names.h"
#include "system-probe/resolvers/process_cache.h"
#include "vedette/v1/event.pb.h"

namespace vedette::probe {
namespace {

void name_owner(v1::File& file, const Names& names) {
    if (file.inode() == 0)
        return;
    file.set_user(names.users.find(file.uid()));
    file.set_group(names.groups.find(file.gid()));
}

void fill_credentials(v1::Credentials& out, const vdt_cred& cred, const Names& names) {
    out.set_uid(cred.uid);
    out.set_gid(cred.gid);
    out.set_euid(cred.euid);
    out.set_egid(cred.egid);
    out.set_fsuid(cred.fsuid);
    out.set_fsgid(cred.fsgid);
    out.set_user(names.users.find(cred.uid));
    out.set_group(names.groups.find(cred.gid));
    out.set_euser(names.users.find(cred.euid));
    out.set_egroup(names.groups.find(cred.egid));
    out.set_fsuser(names.users.find(cred.fsuid));
    out.set_fsgroup(names.groups.find(cred.fsgid));
    out.set_auid(cred.auid);
    out.set_audit_session(cred.session);
    out.set_cap_effective(cred.cap_effective);
    out.set_cap_permitted(cred.cap_permitted);
}

void fill_program(v1::ProcessNode& node, const Program& program, const Names& names) {
    if (program.file.inode() != 0 || !program.file.path().empty() ||
        !program.file.path_error().empty()) {
        *node.mutable_file() = program.file;
        name_owner(*node.mutable_file(), names);
    }
    if (program.interpreter.inode() != 0 || !program.interpreter.path().empty()) {
        *node.mutable_interpreter() = program.interpreter;
        name_owner(*node.mutable_interpreter(), names);
    }
    const auto to = [](auto* field) {
        return [field](std::string_view text) { field->Add(std::string(text)); };
    };
    for_each_string(program.argv, to(node.mutable_argv()));
    for_each_string(program.envp, to(node.mutable_envp()));
    for_each_string(program.env_names, to(node.mutable_env_names()));
    node.set_args_truncated(program.args_truncated);
    node.set_envs_truncated(program.envs_truncated);
    node.set_args_size(program.args_size);
}

void fill_workload(v1::ProcessNode& node, const Workload& workload) {
    auto& cgroup = *node.mutable_cgroup();
    cgroup.set_id(workload.cgroup_path);
    cgroup.set_inode(workload.cgroup_id);
    cgroup.set_version(2);
    cgroup.set_created_at(workload.created_at);
    cgroup.set_mount_id(workload.mount_id);
    if (workload.container == nullptr)
        return;
    node.mutable_container()->set_id(workload.container->id);
    node.mutable_container()->set_created_at(workload.container->created_at);
}

}  // namespace

void fill_node(v1::ProcessNode& node, const Image& image, const Names& names) {
    fill_process(node, image, names);
    if (image.program)
        fill_program(node, *image.program, names);
}

void fill_process(v1::ProcessNode& node, const Image& image, const Names& names) {
    node.set_key(image.key);
    node.set_process_key(image.process_key);
    if (image.parent != nullptr)
        node.set_parent_key(image.parent->key);
    node.set_pid(image.pid);
    node.set_tid(image.pid);
    node.set_ppid(image.ppid);
    if (image.workload)
        fill_workload(node, *image.workload);
    fill_credentials(*node.mutable_credentials(), image.credentials, names);
    node.set_caps_attempted(image.caps_attempted);
    node.set_caps_used(image.caps_used);
    node.set_comm(image.comm);
    if (!image.tty.empty())
        node.set_tty_name(image.tty);
    node.set_created_at(image.created_at);
    node.set_exec_time(image.exec_time);
    node.set_exit_time(image.exit_time);
    node.set_netns(image.netns);
    node.set_mntns(image.mntns);
    node.set_pidns(image.pidns);
    node.set_userns(image.userns);
    node.set_ns_pid(image.ns_pid);
    node.set_sid(image.sid);
    node.set_is_kworker(image.is_kthread);
    node.set_is_exec(image.is_exec);
    node.set_source(image.source);
    if (image.session)
        *node.mutable_user_session() = *image.session;
    node.set_lineage_dropped(image.lineage_dropped);
}

void add_names(v1::Event& event, const Names& names) {
    for (v1::File* file : files_of(event)) {
        if (file != nullptr)
            name_owner(*file, names);
    }
    switch (event.payload_case()) {
        case v1::Event::kChown: {
            auto& chown = *event.mutable_chown();
            if (chown.uid() >= 0)
                chown.set_user(names.users.find(static_cast<uint32_t>(chown.uid())));
            if (chown.gid() >= 0)
                chown.set_group(names.groups.find(static_cast<uint32_t>(chown.gid())));
            return;
        }
        case v1::Event::kMmap:
            if (event.mmap().has_file())
                name_owner(*event.mutable_mmap()->mutable_file(), names);
            return;
        case v1::Event::kLoadModule:
            if (event.load_module().has_file())
                name_owner(*event.mutable_load_module()->mutable_file(), names);
            return;
        case v1::Event::kCgroupWrite:
            name_owner(*event.mutable_cgroup_write()->mutable_file(), names);
            return;
        case v1::Event::kSetuid: {
            auto& setuid = *event.mutable_setuid();
            setuid.set_user(names.users.find(setuid.uid()));
            setuid.set_euser(names.users.find(setuid.euid()));
            setuid.set_fsuser(names.users.find(setuid.fsuid()));
            return;
        }
        case v1::Event::kSetgid: {
            auto& setgid = *event.mutable_setgid();
            setgid.set_group(names.groups.find(setgid.gid()));
            setgid.set_egroup(names.groups.find(setgid.egid()));
            setgid.set_fsgroup(names.groups.find(setgid.fsgid()));
            return;
        }
        default:
            return;
    }
}

}  // namespace vedette::probe
