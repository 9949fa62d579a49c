// SPDX-License-Identifier: Apache-2.0
//
// Records of what processes did to themselves and to each other.

#include <string>

#include "bpf/abi/process_records.h"
#include "system-probe/decode/decoder.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/file.h"
#include "system-probe/decode/record.h"

namespace vedette::probe {
namespace {

void decode_setuid(const Record& record, Decoded& out) {
    const auto& cred = out.credentials.emplace(record.fixed<vdt_setcred>().cred);
    auto& setuid = *out.event.mutable_setuid();
    setuid.set_uid(cred.uid);
    setuid.set_euid(cred.euid);
    setuid.set_fsuid(cred.fsuid);
}

void decode_setgid(const Record& record, Decoded& out) {
    const auto& cred = out.credentials.emplace(record.fixed<vdt_setcred>().cred);
    auto& setgid = *out.event.mutable_setgid();
    setgid.set_gid(cred.gid);
    setgid.set_egid(cred.egid);
    setgid.set_fsgid(cred.fsgid);
}

void decode_capset(const Record& record, Decoded& out) {
    const auto& cred = out.credentials.emplace(record.fixed<vdt_setcred>().cred);
    auto& capset = *out.event.mutable_capset();
    capset.set_cap_effective(cred.cap_effective);
    capset.set_cap_permitted(cred.cap_permitted);
}

void decode_prctl(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_prctl>();
    auto& prctl = *out.event.mutable_prctl();
    prctl.set_retval(fixed.retval);
    prctl.set_option(fixed.option);
    prctl.set_is_name_truncated(fixed.flags & VDT_PRCTL_NAME_TRUNCATED);
    if (!record.has(VDT_ITEM_NAME))
        return;
    prctl.set_new_name(std::string(record.item(VDT_ITEM_NAME)));
}

void decode_comm(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_comm>();
    out.comm = std::string(fixed.comm, strnlen(fixed.comm, sizeof fixed.comm));
}

void decode_setrlimit(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_setrlimit>();
    auto& setrlimit = *out.event.mutable_setrlimit();
    setrlimit.set_retval(fixed.retval);
    setrlimit.set_resource(fixed.resource);
    setrlimit.set_rlim_cur(fixed.cur);
    setrlimit.set_rlim_max(fixed.max);
    out.target = fixed.target;
}

void decode_signal(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_signal>();
    auto& signal = *out.event.mutable_signal();
    signal.set_retval(fixed.retval);
    signal.set_type(fixed.signal);
    signal.set_pid(fixed.pid);
    out.target = fixed.target;
}

void decode_ptrace(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_ptrace>();
    auto& ptrace = *out.event.mutable_ptrace();
    ptrace.set_retval(fixed.retval);
    ptrace.set_request(fixed.request);
    ptrace.set_address(fixed.address);
    out.target = fixed.target;
}

void decode_unshare(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_unshare>();
    auto& unshare = *out.event.mutable_unshare();
    unshare.set_retval(fixed.retval);
    unshare.set_flags(fixed.flags);
}

void decode_namespaces(const Record& record, Decoded& out) {
    out.namespaces = record.fixed<vdt_namespaces>();
}

void decode_capabilities(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_capabilities>();
    auto& capabilities = *out.event.mutable_capabilities();
    capabilities.set_attempted(fixed.attempted);
    capabilities.set_used(fixed.used);
}

/// The item CGROUP is the cgroup that was written to, not the writer's.
void decode_cgroup_write(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_cgroup_write>();
    out.cgroup.reset();
    auto& write = *out.event.mutable_cgroup_write();
    write.set_pid(fixed.pid);
    fill_file(*write.mutable_file(), fixed.file, record.item(VDT_ITEM_PATH),
              record.item(VDT_ITEM_FILESYSTEM));
}

void decode_mmap(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_mmap>();
    auto& mmap = *out.event.mutable_mmap();
    mmap.set_retval(fixed.retval);
    mmap.set_protection(fixed.protection);
    mmap.set_flags(fixed.flags);
    mmap.set_address(fixed.address);
    mmap.set_length(fixed.length);
    mmap.set_offset(fixed.offset);
    if (fixed.file.inode != 0)
        fill_file(*mmap.mutable_file(), fixed.file, record.item(VDT_ITEM_PATH),
                  record.item(VDT_ITEM_FILESYSTEM));
}

void decode_mprotect(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_mprotect>();
    auto& mprotect = *out.event.mutable_mprotect();
    mprotect.set_retval(fixed.retval);
    mprotect.set_vm_protection(fixed.vm_flags);
    mprotect.set_req_protection(fixed.protection);
    mprotect.set_vm_start(fixed.vm_start);
    mprotect.set_vm_end(fixed.vm_end);
}

constexpr EventType kEvents[] = {
    {VDT_SETUID, "setuid", v1::Event::kSetuidFieldNumber, sizeof(vdt_setcred), decode_setuid},
    {VDT_SETGID, "setgid", v1::Event::kSetgidFieldNumber, sizeof(vdt_setcred), decode_setgid},
    {VDT_CAPSET, "capset", v1::Event::kCapsetFieldNumber, sizeof(vdt_setcred), decode_capset},
    {VDT_PRCTL, "prctl", v1::Event::kPrctlFieldNumber, sizeof(vdt_prctl), decode_prctl},
    {VDT_SETRLIMIT, "setrlimit", v1::Event::kSetrlimitFieldNumber, sizeof(vdt_setrlimit),
     decode_setrlimit},
    {VDT_SIGNAL, "signal", v1::Event::kSignalFieldNumber, sizeof(vdt_signal), decode_signal},
    {VDT_PTRACE, "ptrace", v1::Event::kPtraceFieldNumber, sizeof(vdt_ptrace), decode_ptrace},
    {VDT_UNSHARE, "unshare", v1::Event::kUnshareFieldNumber, sizeof(vdt_unshare), decode_unshare},
    {VDT_COMM, "comm", 0, sizeof(vdt_comm), decode_comm},
    {VDT_NAMESPACES, "namespaces", 0, sizeof(vdt_namespaces), decode_namespaces},
    {VDT_CAPABILITIES, "capabilities", v1::Event::kCapabilitiesFieldNumber,
     sizeof(vdt_capabilities), decode_capabilities},
    {VDT_CGROUP_WRITE, "cgroup_write", v1::Event::kCgroupWriteFieldNumber, sizeof(vdt_cgroup_write),
     decode_cgroup_write},
    {VDT_MMAP, "mmap", v1::Event::kMmapFieldNumber, sizeof(vdt_mmap), decode_mmap},
    {VDT_MPROTECT, "mprotect", v1::Event::kMprotectFieldNumber, sizeof(vdt_mprotect),
     decode_mprotect},
};

}  // namespace

std::span<const EventType> process_events() {
    return kEvents;
}

}  // namespace vedette::probe
