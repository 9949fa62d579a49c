// SPDX-License-Identifier: Apache-2.0
//
// Records as the kernel programs would send them, for the tests of everything behind the ring.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "system-probe/ebpf/record_builder.h"

namespace vedette::probe::test {

using Bytes = std::string;

inline std::span<const std::byte> as_record(const Bytes& bytes) {
    return std::as_bytes(std::span(bytes));
}

template <typename Fixed>
Bytes bytes_of(RecordBuilder<Fixed>& builder) {
    const auto record = builder.finish();
    return {reinterpret_cast<const char*>(record.data()), record.size()};
}

inline constexpr uint64_t kSecond = 1'000'000'000;

/// pid 100 starts at 100.000000007 s unless it is said otherwise: no multiple of a clock tick.
inline vdt_image_id image(uint32_t pid, uint64_t exec_id = 0, uint64_t start_ns = 0) {
    return {pid, 0, start_ns != 0 ? start_ns : pid * kSecond + 7, exec_id};
}

inline vdt_process process(vdt_image_id id, vdt_image_id parent) {
    vdt_process out = {};
    out.image = id;
    out.parent = parent;
    out.cred = {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1, 0, 0};
    out.cgroup_id = 77;
    out.netns = 4026531840;
    std::strcpy(out.comm, "comm");
    std::strcpy(out.tty, "pts/3");
    return out;
}

template <typename Fixed>
RecordBuilder<Fixed> builder(vdt_type type, vdt_image_id actor, uint64_t time_ns) {
    RecordBuilder<Fixed> out(type);
    out.header.time_ns = time_ns;
    out.header.image = actor;
    out.header.tid = actor.pid;
    out.header.cgroup_id = 77;
    return out;
}

inline Bytes fork_record(vdt_image_id child, vdt_image_id creator, uint64_t time_ns) {
    auto out = builder<vdt_fork>(VDT_FORK, creator, time_ns);
    out.fixed.process = process(child, creator);
    return bytes_of(out);
}

struct ExecOptions {
    std::string path = "/usr/bin/program";
    std::string argv = std::string("program\0-x\0", 11);
    std::string envp = std::string("PATH=/bin\0SECRET=1\0", 19);
    std::string cgroup = "/user.slice";
};

inline Bytes exec_record(vdt_image_id id, vdt_image_id parent, uint64_t time_ns,
                         const ExecOptions& options = {}) {
    auto out = builder<vdt_exec>(VDT_EXEC, id, time_ns);
    out.fixed.process = process(id, parent);
    out.fixed.file.inode = 4711;
    out.fixed.file.uid = 0;
    out.fixed.argc = 2;
    out.fixed.args_size = static_cast<uint32_t>(options.argv.size());
    out.item(VDT_ITEM_PATH, options.path);
    out.item(VDT_ITEM_FILESYSTEM, "ext4");
    out.item(VDT_ITEM_ARGV, options.argv);
    out.item(VDT_ITEM_ENVP, options.envp);
    out.item(VDT_ITEM_CGROUP, options.cgroup);
    return bytes_of(out);
}

inline Bytes exit_record(vdt_image_id id, uint64_t time_ns, uint32_t code = 0) {
    auto out = builder<vdt_exit>(VDT_EXIT, id, time_ns);
    out.fixed.code = code;
    return bytes_of(out);
}

inline Bytes snapshot_record(vdt_image_id id, vdt_image_id parent, uint64_t time_ns,
                             const std::string& path = "/sbin/init", uint64_t inode = 99) {
    auto out = builder<vdt_snapshot>(VDT_SNAPSHOT, id, time_ns);
    out.fixed.process = process(id, parent);
    out.fixed.file.inode = inode;
    out.item(VDT_ITEM_PATH, path);
    out.item(VDT_ITEM_CGROUP, "/init.scope");
    return bytes_of(out);
}

inline Bytes setuid_record(vdt_image_id id, uint32_t tid, uint32_t uid, uint64_t time_ns) {
    auto out = builder<vdt_setcred>(VDT_SETUID, id, time_ns);
    out.header.tid = tid;
    out.fixed.cred = {uid, 1000, uid, 1000, uid, 1000, 1000, 1, 0, 0};
    return bytes_of(out);
}

inline Bytes cgroup_record(vdt_image_id id, uint64_t cgroup_id, const std::string& path,
                           uint64_t time_ns) {
    auto out = builder<vdt_cgroup>(VDT_CGROUP, id, time_ns);
    out.fixed.cgroup_id = cgroup_id;
    out.item(VDT_ITEM_CGROUP, path);
    return bytes_of(out);
}

inline Bytes open_record(vdt_image_id id, uint64_t time_ns,
                         const std::string& path = "/etc/passwd") {
    auto out = builder<vdt_open>(VDT_OPEN, id, time_ns);
    out.fixed.retval = 3;
    out.fixed.file.inode = 12;
    out.fixed.flags = 0x8000;
    out.item(VDT_ITEM_PATH, path);
    out.item(VDT_ITEM_SYSCALL_PATH, "passwd");
    return bytes_of(out);
}

}  // namespace vedette::probe::test
